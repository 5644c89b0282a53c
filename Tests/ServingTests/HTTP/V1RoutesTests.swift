import Core
import HTTPSupport
import HTTPTypes
import Ledger
import Serving
import Testing

@Suite("KServe V1")
struct V1RoutesTests {
    @Test("Models are listed, their readiness told")
    func models() async throws {
        let harness = try await ServingHarness()
        #expect(try await harness.send(.get, "/v1/models").json == ["models": []])
        try await harness.apply()
        #expect(try await harness.send(.get, "/v1/models").json == ["models": ["cancer"]])
        let waiting = try await harness.send(.get, "/v1/models/cancer")
        #expect(waiting.status == 503)
        #expect(try waiting.json["error"]?.stringValue?.contains("not ready") == true)
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        try await harness.step()
        #expect(try await harness.send(.get, "/v1/models/cancer").json == ["name": "cancer", "ready": true])
    }

    @Test("Instances and inputs, as rows or by name, answer one prediction each")
    func predicts() async throws {
        let harness = try await ServingHarness.serving()
        for body in [
            #"{"instances":[[0,1],[0,2]]}"#, #"{"inputs":[[0,1],{"x1":2,"x0":0}]}"#,
            #"{"signature_name":"x","instances":[{"x0":0,"x1":1},[0,null]]}"#,
        ] {
            let answer = try await harness.send(.post, "/v1/models/cancer:predict", body)
            #expect(answer.status == 200)
            #expect(try answer.json == ["predictions": [0.5, 0.5]])
            #expect(answer.headers[.requestID] != nil)
        }
        let empty = try await harness.send(.post, "/v1/models/cancer:predict", #"{"instances":[]}"#)
        #expect(try empty.json == ["predictions": []])
        #expect(try await harness.ledger.recentRows("cancer", limit: 10).count == 6)
    }

    @Test("Several outputs a row are arrays; a model of one feature takes plain numbers")
    func shapes() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, ThreeClassRuntime(), classes: ["a", "b", "c"])
        try await harness.apply()
        let three = try await harness.send(.post, "/v1/models/cancer:predict", #"{"instances":[[0.5,0.25,0.25]]}"#)
        #expect(try three.json == ["predictions": [[0.5, 0.25, 0.25]]])
        let single = try await ServingHarness()
        single.registry.register(1, LinearRuntime(featureCount: 1))
        try await single.apply()
        let plain = try await single.send(.post, "/v1/models/cancer:predict", #"{"instances":[0,[0]]}"#)
        #expect(try plain.json == ["predictions": [0.5, 0.5]])
    }

    @Test(
        "Bad bodies are 400 with an error text",
        arguments: [
            ("{}", "'instances' is missing"), (#"{"instances":null}"#, "must be an array"),
            (#"{"instances":{}}"#, "must be an array"), (#"{"instances":[[1,2],[1]]}"#, "but 1 were sent"),
            (#"{"instances":[1,2]}"#, "takes 2 features"), (#"{"instances":[[1,"a"]]}"#, "expected a number"),
            (#"{"instances":[[[1,2]]]}"#, "expected a number"), (#"{"instances":[{"x0":1}]}"#, "'x1' is missing"),
            (#"{"instances":[[1,2]],"inputs":[[1,2]]}"#, "Send the rows once"), ("[[1,2]]", "must be an object"),
        ]
    )
    func badBodies(body: String, reason: String) async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, "/v1/models/cancer:predict", body)
        #expect(answer.status == 400)
        #expect(try answer.json["error"]?.stringValue?.contains(reason) == true, "\(answer.text)")
    }

    @Test("Unknown models, climbing names and other verbs are answered clearly")
    func names() async throws {
        let harness = try await ServingHarness.serving()
        let body = #"{"instances":[[0,1]]}"#
        #expect(try await harness.send(.post, "/v1/models/none:predict", body).status == 404)
        #expect(try await harness.send(.post, "/v1/models/..%2f..:predict", body).status == 404)
        #expect(try await harness.send(.get, "/v1/models/..%2f..").status == 404)
        #expect(try await harness.send(.get, "/v1/models/%ff").status == 404)
        #expect(try await harness.send(.post, "/v1/models/cancer", body).status == 404)
        #expect(try await harness.send(.post, "/v1/models/cancer:explain", body).status == 501)
        let pickle = ["Content-Type": "application/python-pickle"]
        #expect(try await harness.send(.post, "/v1/models/cancer:predict", body, headers: pickle).status == 415)
    }

    @Test("Rows and numbers at their limits are read, one more is 413")
    func limits() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 1))
        try await harness.apply()
        func rows(_ count: Int) -> String {
            "{\"instances\":[" + [String](repeating: "0", count: count).joined(separator: ",") + "]}"
        }
        let most = ServingLimits.rowsPerRequest
        #expect(try await harness.send(.post, "/v1/models/cancer:predict", rows(most)).status == 200)
        #expect(try await harness.send(.post, "/v1/models/cancer:predict", rows(most + 1)).status == 413)
        let values = [String](repeating: "0", count: ServingLimits.valuesPerRequest + 1).joined(separator: ",")
        let wide = try await harness.send(.post, "/v1/models/cancer:predict", "{\"instances\":[[\(values)]]}")
        #expect(wide.status == 413)
        let allowed = try await harness.send(
            .post,
            "/v1/models/cancer:predict",
            "{\"instances\":[[\(values.dropLast(2))]]}"
        )
        #expect(allowed.text.contains("but \(ServingLimits.valuesPerRequest) were sent"))
    }
}
