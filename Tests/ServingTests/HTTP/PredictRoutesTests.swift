import Core
import HTTPSupport
import HTTPTypes
import Rollouts
import Serving
import Synchronization
import Testing

@Suite("POST /predict")
struct PredictRoutesTests {
    @Test("Features by position and by name answer the same, with id, version and drift verdict")
    func predicts() async throws {
        let harness = try await ServingHarness.serving()
        for body in [
            #"{"features":[0, 5]}"#, #"{"features":{"x1":5,"x0":0}}"#, #"{"deployment":"cancer","features":[0,null]}"#,
            #" {"features" : [0.0e0,5] , "deployment": null, "trace": [{"a": 1}]} "#,
        ] {
            let answer = try await harness.send(.post, "/predict", body)
            #expect(answer.status == 200)
            let json = try answer.json
            #expect(json["prediction"] == 1)
            #expect(json["label"] == "benign")
            #expect(json["probability"] == 0.5)
            #expect(json["drift_detected"] == false)
            #expect(json["model"] == "cancer")
            #expect(json["model_version"] == "1")
            #expect(json["deployment"] == "cancer")
            #expect(json["request_id"]?.stringValue == answer.headers[.requestID])
        }
        harness.monitor.state.withLock { $0.signal = DriftSignal(isDetected: true) }
        #expect(try await harness.send(.post, "/predict", #"{"features":[0,5]}"#).json["drift_detected"] == true)
    }

    @Test("A regression answers with its value and no class")
    func regression() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, LinearRuntime(featureCount: 2), classes: [])
        try await harness.apply()
        let answer = try await harness.send(.post, "/predict", #"{"features":[0,5]}"#)
        #expect(try answer.json["prediction"] == 0.5)
        #expect(try answer.json["label"] == nil)
    }

    @Test("The client's request id is used when it is sound, up to the limit")
    func requestIDs() async throws {
        let harness = try await ServingHarness.serving()
        let longest = String(repeating: "a", count: ServingLimits.requestIDBytes)
        for (given, isUsed) in [("order-17", true), (longest, true), (longest + "a", false), ("a b", false)] {
            let headers = ["Content-Type": "application/json", "X-Request-Id": given]
            let answer = try await harness.send(.post, "/predict", #"{"features":[0,5]}"#, headers: headers)
            #expect(answer.status == 200)
            #expect((answer.headers[.requestID] == given) == isUsed)
            #expect(try answer.json["request_id"]?.stringValue == answer.headers[.requestID])
        }
    }

    @Test(
        "Bad bodies are refused with the reason",
        arguments: [
            ("", "must be an object"), ("null", "must be an object"), ("42", "must be an object"),
            ("[]", "must be an object"), ("{", "expected a string"), ("{}", "'features' is missing"),
            (#"{"features":[1,2]}x"#, "end of the document"), (#"{"features":[1,2"#, "']'"),
            (#"{"features":null}"#, "must be an array of numbers"), (#"{"features":"1,2"}"#, "must be an array"),
            (#"{"features":7}"#, "must be an array"), (#"{"features":[1,"2"]}"#, "expected a number"),
            (#"{"features":[1,[2]]}"#, "expected a number"), (#"{"features":[1,NaN]}"#, "expected a number"),
            (#"{"features":[1,1e400]}"#, "too large"), (#"{"features":[1,1e39]}"#, "too large"),
            (#"{"features":[1,01]}"#, "begin with 0"), (#"{"features":[1]}"#, "takes 2 features"),
            (#"{"features":[]}"#, "takes 2 features"), (#"{"features":[1,2,3]}"#, "but 3 were sent"),
            (#"{"features":{"x0":1}}"#, "'x1' is missing"), (#"{"features":{"x0":1,"x1":2,"y":3}}"#, "no feature 'y'"),
            (#"{"features":{"x0":1,"x0":2,"x1":3}}"#, "'x0' is given twice"),
            (#"{"features":[1,2],"features":[1,2]}"#, "given twice"),
            (#"{"features":{"x0":1},"features":[1,2]}"#, "given twice"),
            (#"{"features":[1,2],"deployment":7}"#, "expected a string"),
            (#"{"features":[1,2],"deployment":"a","deployment":"b"}"#, "given twice"),
            ("{\"features\":[1,2],\"a\":\(String(repeating: "[", count: 100))", "64 levels"),
            ("{\"\u{1}\":1}", "control character"),
        ]
    )
    func badBodies(body: String, reason: String) async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, "/predict", body)
        #expect(answer.status == 400, "\(answer.text)")
        let json = try answer.json
        #expect(json["error"]?["code"] == "invalidArgument")
        #expect(json["error"]?["message"]?.stringValue?.contains(reason) == true, "\(answer.text)")
        #expect(try await harness.send(.post, "/predict", #"{"features":[0,5]}"#).status == 200)
    }

    @Test("Invalid UTF-8 and UTF-16 bodies are refused")
    func encodings() async throws {
        let harness = try await ServingHarness.serving()
        let headers = ["Content-Type": "application/json"]
        let broken = Array(#"{"features":[0,5],"deployment":""#.utf8) + [0xFF, 0xFE] + Array(#""}"#.utf8)
        #expect(try await harness.send(.post, "/predict", broken, headers: headers).status == 400)
        let wide = #"{"features":[0,5]}"#.utf16.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }
        #expect(try await harness.send(.post, "/predict", wide, headers: headers).status == 400)
    }

    @Test("Only JSON is read: pickle, text and forms are 415, unknown compressions too")
    func mediaTypes() async throws {
        let harness = try await ServingHarness.serving()
        for type in [
            "application/python-pickle", "text/plain", "application/x-www-form-urlencoded", "application/octet-stream",
        ] {
            let answer = try await harness.send(
                .post,
                "/predict",
                #"{"features":[0,5]}"#,
                headers: ["Content-Type": type]
            )
            #expect(answer.status == 415)
        }
        #expect(try await harness.send(.post, "/predict", #"{"features":[0,5]}"#, headers: [:]).status == 415)
        let charset = ["Content-Type": "application/json; charset=utf-8"]
        #expect(try await harness.send(.post, "/predict", #"{"features":[0,5]}"#, headers: charset).status == 200)
        for (coding, status) in [("gzip", 400), ("br", 415)] {
            let packed = ["Content-Type": "application/json", "Content-Encoding": coding]
            #expect(try await harness.send(.post, "/predict", "x", headers: packed).status == status)
        }
    }

    @Test("An unknown deployment is 404, none at all too, an ambiguous request 400, one that is not ready 503")
    func deployments() async throws {
        let harness = try await ServingHarness()
        let body = #"{"features":[0,5]}"#
        #expect(try await harness.send(.post, "/predict", body).status == 404)
        try await harness.apply()
        #expect(try await harness.send(.post, "/predict", body).status == 503)
        #expect(try await harness.send(.post, "/predict", #"{"features":[0,5],"deployment":"x"}"#).status == 404)
        let other = DeploymentSpec(name: "other", model: "cancer", alias: "production", rollout: .quick)
        try await harness.controller.apply([other])
        let answer = try await harness.send(.post, "/predict", body)
        #expect(answer.status == 400)
        #expect(answer.text.contains("'deployment' is missing"))
    }

    @Test("A body at the limit is read, one byte more is 413")
    func bodySize() async throws {
        let harness = try await ServingHarness.serving()
        let headers = ["Content-Type": "application/json"]
        var body = Array(#"{"features":[0,5]}"#.utf8)
        body += [UInt8](repeating: 0x20, count: ServingLimits.requestBytes - body.count)
        #expect(try await harness.send(.post, "/predict", body, headers: headers).status == 200)
        #expect(try await harness.send(.post, "/predict", body + [0x20], headers: headers).status == 413)
    }

    @Test("A model that fails is a 500 that tells nothing of the inside")
    func modelFailure() async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, "/predict", #"{"features":[null,5]}"#)
        #expect(answer.status == 500)
        #expect(try answer.json["error"]?["code"] == "internal")
    }
}
