import Core
import HTTPSupport
import HTTPTypes
import Ledger
import Serving
import Testing

@Suite("Open Inference V2, REST")
struct V2RoutesTests {
    private let path = "/v2/models/cancer/infer"

    private func tensor(_ shape: String, _ data: String, _ type: String = "FP32", name: String = "input") -> String {
        #"{"name":"\#(name)","shape":\#(shape),"datatype":"\#(type)","data":\#(data)}"#
    }

    private func body(_ inputs: String, _ more: String = "") -> String { "{\"inputs\":[\(inputs)]\(more)}" }

    @Test("Server, health, models, metadata, readiness and the repository's index")
    func metadata() async throws {
        let harness = try await ServingHarness()
        try await harness.apply()
        #expect(try await harness.send(.get, "/v2").json["name"] == "martlet")
        #expect(try await harness.send(.get, "/v2/health/live").json == ["live": true])
        let waiting = try await harness.send(.get, "/v2/health/ready")
        #expect(waiting.status == 503)
        #expect(try waiting.json == ["ready": false])
        let index = try await harness.send(.post, "/v2/repository/index", "", headers: [:])
        #expect(try index.json.arrayValue?.first?["state"] == "UNAVAILABLE")
        #expect(try await harness.send(.post, "/v2/repository/index", #"{"ready":true}"#).json == [])
        #expect(try await harness.send(.post, "/v2/repository/index", "[]").status == 400)
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        try await harness.step()
        #expect(try await harness.send(.get, "/v2/health/ready").json == ["ready": true])
        #expect(try await harness.send(.get, "/v2/models").json == ["models": ["cancer"]])
        let model = try await harness.send(.get, "/v2/models/cancer").json
        #expect(model["versions"] == ["1"])
        #expect(model["inputs"] == [["name": "input", "datatype": "FP32", "shape": [-1, 2]]])
        #expect(model["outputs"]?.arrayValue?.map { $0["name"] } == ["predict", "label", "predict_proba"])
        #expect(try await harness.send(.get, "/v2/models/cancer/versions/1/ready").json["ready"] == true)
        #expect(try await harness.send(.get, "/v2/models/cancer/versions/2").status == 404)
        #expect(try await harness.send(.get, "/v2/models/cancer/versions/x").status == 404)
        let ready = try await harness.send(.post, "/v2/repository/index", "", headers: [:]).json
        #expect(ready == [["name": "cancer", "version": "1", "state": "READY", "reason": ""]])
    }

    @Test(
        "Flat, nested, integer, truth and column data answer the same",
        arguments: [
            #"{"name":"i","shape":[2,2],"datatype":"FP32","data":[0,1,0,2]}"#,
            #"{"name":"i","shape":[2,2],"datatype":"FP64","data":[[0,1],[0,null]]}"#,
            #"{"data":[0,1,0,2],"datatype":"INT64","name":"i","shape":[2,2]}"#,
            #"{"name":"i","shape":[2,2],"datatype":"BOOL","data":[false,true,false,false]}"#,
            #"{"name":"x0","shape":[2],"datatype":"FP32","data":[0,0]},{"name":"x1","shape":[2,1],"datatype":"UINT8","data":[[1],[2]]}"#,
        ]
    )
    func infers(inputs: String) async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, path, body(inputs, #","id":"q-1""#))
        #expect(answer.status == 200, "\(answer.text)")
        let json = try answer.json
        #expect(json["id"] == "q-1")
        #expect(json["model_name"] == "cancer")
        #expect(json["model_version"] == "1")
        #expect(json["parameters"] == ["drift_detected": false])
        #expect(json["outputs"] == [["name": "predict", "datatype": "FP32", "shape": [2], "data": [0.5, 0.5]]])
        #expect(try await harness.ledger.recentRows("cancer", limit: 5).map(\.id) == ["q-1:1", "q-1:0"])
    }

    @Test("One row may come without its batch dimension; a missing id is made; versions are followed")
    func variants() async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, path, body(tensor("[2]", "[0,1]")), headers: [:])
        #expect(answer.status == 200)
        #expect(try answer.json["id"]?.stringValue == answer.headers[.requestID])
        let version = "/v2/models/cancer/versions/1/infer"
        #expect(try await harness.send(.post, version, body(tensor("[1,2]", "[0,1]"))).status == 200)
        let unknown = "/v2/models/cancer/versions/9/infer"
        #expect(try await harness.send(.post, unknown, body(tensor("[1,2]", "[0,1]"))).status == 404)
    }

    @Test("As many outputs as the limit are answered, one more is 413 and the description says so")
    func mostOutputs() async throws {
        let harness = try await ServingHarness.serving()
        func outputs(_ count: Int) -> String {
            #","outputs":["# + [String](repeating: #"{"name":"predict"}"#, count: count).joined(separator: ",") + "]"
        }
        let most = ServingLimits.outputsPerRequest
        let answer = try await harness.send(.post, path, body(tensor("[1,2]", "[0,1]"), outputs(most)))
        #expect(try answer.json["outputs"]?.arrayValue?.count == most)
        let refused = try await harness.send(.post, path, body(tensor("[1,2]", "[0,1]"), outputs(most + 1)))
        #expect(refused.status == 413)
        #expect(refused.text.contains("at most \(most) outputs"))
    }

    @Test("Asked outputs come in their order; unknown ones are refused")
    func outputs() async throws {
        let harness = try await ServingHarness.serving()
        let asked = #","outputs":[{"name":"label"},{"name":"predict"}]"#
        let answer = try await harness.send(.post, path, body(tensor("[1,2]", "[0,1]"), asked))
        #expect(try answer.json["outputs"]?.arrayValue?.map { $0["name"] } == ["label", "predict"])
        #expect(try answer.json["outputs"]?.arrayValue?.first?["data"] == ["benign"])
        let unknown = try await harness.send(.post, path, body(tensor("[1,2]", "[0,1]"), #","outputs":[{"name":"z"}]"#))
        #expect(unknown.status == 400)
        #expect(try unknown.json["error"]?.stringValue?.contains("'predict', 'label'") == true)
    }

    @Test(
        "Bad tensors are 400 with an error text",
        arguments: [
            (#"{"inputs":[]}"#, "'inputs' is missing"), ("{}", "'inputs' is missing"), ("[]", "must be an object"),
            (#"{"inputs":{}}"#, "must be an array"), (#"{"inputs":[{}]}"#, "no 'name'"),
            (#"{"inputs":[],"inputs":[]}"#, "given twice"),
            (#"{"inputs":[{"name":"i","datatype":"FP32","data":[1,2]}]}"#, "no 'shape'"),
            (#"{"inputs":[{"name":"i","shape":[1,2],"data":[1,2]}]}"#, "no 'datatype'"),
            (#"{"inputs":[{"name":"i","shape":[1,2],"datatype":"FP32"}]}"#, "no 'data'"),
            (#"{"inputs":[{"name":"i","shape":[1,2],"datatype":"fp32","data":[1,2]}]}"#, "is not known"),
            (#"{"inputs":[{"name":"i","shape":[1,2],"datatype":"FP16","data":[1,2]}]}"#, "cannot be sent as JSON"),
            (#"{"inputs":[{"name":"i","shape":[1,2],"datatype":"BYTES","data":[1,2]}]}"#, "takes numbers"),
            (#"{"inputs":[{"name":"i","shape":[1,2],"datatype":"FP32","data":["a","b"]}]}"#, "expected a number"),
            (#"{"inputs":[{"name":"i","shape":[1,2],"datatype":"FP32","data":7}]}"#, "'data' must be an array"),
            (#"{"inputs":[{"name":"i","shape":[1,2],"datatype":"INT32","data":[1,2.5]}]}"#, "not a whole number"),
            (#"{"inputs":[{"name":"i","shape":[1,2],"datatype":"FP32","data":[1]}]}"#, "2 elements, but 1"),
            (#"{"inputs":[{"name":"i","shape":[1,3],"datatype":"FP32","data":[1,2,3]}]}"#, "expected [n, 2]"),
            (#"{"inputs":[{"name":"i","shape":[-1,2],"datatype":"FP32","data":[1,2]}]}"#, "not negative"),
            (#"{"inputs":[{"name":"i","shape":[1.5,2],"datatype":"FP32","data":[1,2]}]}"#, "whole numbers"),
            (
                #"{"inputs":[{"name":"i","shape":[4294967296,4294967296],"datatype":"FP32","data":[]}]}"#,
                "more than"
            ),
            (
                #"{"inputs":[{"name":"i","shape":[9223372036854775808],"datatype":"FP32","data":[]}]}"#,
                "whole numbers"
            ),
            (
                #"{"inputs":[{"name":"x0","shape":[1],"datatype":"FP32","data":[1]},{"name":"y","shape":[1],"datatype":"FP32","data":[1]}]}"#,
                "no feature 'y'"
            ),
            (
                #"{"inputs":[{"name":"x0","shape":[1],"datatype":"FP32","data":[1]},{"name":"x0","shape":[1],"datatype":"FP32","data":[1]}]}"#,
                "given twice"
            ),
            (
                #"{"inputs":[{"name":"x0","shape":[2],"datatype":"FP32","data":[1,1]},{"name":"x1","shape":[1],"datatype":"FP32","data":[1]}]}"#,
                "has 1 values"
            ),
            (
                #"{"inputs":[{"name":"x0","shape":[1,2],"datatype":"FP32","data":[1,1]},{"name":"x1","shape":[1],"datatype":"FP32","data":[1]}]}"#,
                "expected [n] or [n, 1]"
            ),
        ]
    )
    func badTensors(body: String, reason: String) async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, path, body)
        #expect(answer.status == 400, "\(answer.text)")
        #expect(try answer.json["error"]?.stringValue?.contains(reason) == true, "\(answer.text)")
    }

    @Test("Unknown models, climbing names and foreign media types are refused")
    func names() async throws {
        let harness = try await ServingHarness.serving()
        let good = body(tensor("[1,2]", "[0,1]"))
        #expect(try await harness.send(.post, "/v2/models/none/infer", good).status == 404)
        let climbing = try await harness.send(.post, "/v2/models/..%2f../infer", good)
        #expect(climbing.status == 404)
        #expect(try climbing.json["error"]?.stringValue != nil)
        let pickle = ["Content-Type": "application/python-pickle"]
        #expect(try await harness.send(.post, path, good, headers: pickle).status == 415)
    }
}
