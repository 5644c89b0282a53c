import Core
import HTTPSupport
import HTTPTypes
import Serving
import Testing

@Suite("Extensions of Open Inference V2, REST")
struct V2ExtensionTests {
    private let path = "/v2/models/cancer/infer"
    private let inputs = #""inputs":[{"name":"i","shape":[2,2],"datatype":"FP32","data":[0,1,1,1]}]"#

    @Test("Classification ranks values, with names where they fit")
    func classification() async throws {
        let harness = try await ServingHarness()
        harness.registry.register(1, ThreeClassRuntime(), classes: ["red", "green", "blue"])
        try await harness.apply()
        let body =
            #"{"inputs":[{"name":"i","shape":[1,3],"datatype":"FP32","data":[0.25,0.5,0.125]}],"outputs":[{"name":"predict","parameters":{"classification":2}}]}"#
        let answer = try await harness.send(.post, path, body)
        #expect(
            try answer.json["outputs"] == [
                ["name": "predict", "datatype": "BYTES", "shape": [1, 2], "data": ["0.5:1:green", "0.25:0:red"]]
            ]
        )
        let wrong = body.replacing(#""classification":2"#, with: #""classification":0"#)
        #expect(try await harness.send(.post, path, wrong).status == 400)
    }

    @Test("Probabilities of all classes, beside the label and the prediction")
    func probabilities() async throws {
        let harness = try await ServingHarness.serving()
        let asked = #"{\#(inputs),"outputs":[{"name":"predict_proba"},{"name":"label"},{"name":"predict"}]}"#
        let outputs = try await harness.send(.post, path, asked).json["outputs"]?.arrayValue
        #expect(outputs?.map { $0["shape"] } == [[2, 2], [2], [2]])
        #expect(outputs?[0]["data"]?.arrayValue?.prefix(2) == [0.5, 0.5])
        #expect(outputs?[1]["data"] == ["benign", "benign"])
    }

    @Test("Requests that name content types get them back", arguments: ["np", "pd"])
    func contentTypes(type: String) async throws {
        let harness = try await ServingHarness.serving()
        let answer = try await harness.send(.post, path, #"{\#(inputs),"parameters":{"content_type":"\#(type)"}}"#)
        #expect(try answer.json["parameters"]?["content_type"] == .string(type))
        #expect(try answer.json["outputs"]?.arrayValue?.first?["parameters"] == ["content_type": "np"])
    }

    @Test("Compressed bodies are unpacked, large answers packed on request")
    func compression() async throws {
        let harness = try await ServingHarness.serving()
        let rows = 2000
        let data = Array(repeating: "0,1", count: rows).joined(separator: ",")
        let body = #"{"inputs":[{"name":"i","shape":[\#(rows),2],"datatype":"FP32","data":[\#(data)]}]}"#
        for coding in ContentCoding.allCases {
            let packed = try #require(coding.encode(Array(body.utf8)))
            let headers = ["Content-Encoding": coding.rawValue, "Accept-Encoding": coding.rawValue]
            let answer = try await harness.send(.post, path, packed, headers: headers)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentEncoding] == coding.rawValue)
            let plain = try coding.decode(answer.bytes, limit: 1_000_000)
            #expect(try JSONValue.parse(plain)["outputs"]?.arrayValue?.first?["shape"] == [.int(rows)])
        }
        #expect(
            try await harness.send(.post, path, Array(body.utf8), headers: ["Content-Encoding": "br"]).status == 415
        )
    }

    @Test("Deadlines are numbers of seconds up to a day")
    func deadlines() async throws {
        let harness = try await ServingHarness.serving()
        let longest = "\(Int(ServingLimits.requestTimeoutSeconds))"
        for (header, status) in [
            ("1.5", 200), (longest, 200), (longest + "1", 400), ("0", 400), ("-1", 400), ("x", 400),
        ] {
            let headers = ["Content-Type": "application/json", "Request-Timeout": header]
            #expect(try await harness.send(.post, path, "{\(inputs)}", headers: headers).status == status, "\(header)")
            let v1 = "/v1/models/cancer:predict"
            #expect(try await harness.send(.post, v1, #"{"instances":[[0,1]]}"#, headers: headers).status == status)
        }
    }

    @Test("What there is not says so in words")
    func absent() async throws {
        let harness = try await ServingHarness.serving()
        for (method, path) in [
            (HTTPRequest.Method.get, "/v2/systemsharedmemory/status"),
            (.post, "/v2/cudasharedmemory/region/a/register"),
            (.post, "/v2/models/cancer/generate"), (.post, "/v2/models/cancer/versions/1/infer_stream"),
        ] {
            let answer = try await harness.send(method, path, "{}")
            #expect(answer.status == 501)
            #expect(try answer.json["error"]?.stringValue?.isEmpty == false)
        }
        let shared = inputs.replacing(#""data":[0,1,1,1]"#, with: #""parameters":{"shared_memory_region":"a"}"#)
        #expect(try await harness.send(.post, path, "{\(shared)}").status == 501)
        #expect(try await harness.send(.get, "/v2/trace/setting").json["trace_level"] == ["OFF"])
        #expect(try await harness.send(.post, "/v2/trace/setting", "", headers: [:]).status == 200)
        #expect(try await harness.send(.post, "/v2/trace/setting", #"{"trace_rate":"5"}"#).status == 501)
        #expect(try await harness.send(.post, "/v2/logging", #"{"log_info":true}"#).status == 200)
        #expect(try await harness.send(.post, "/v2/logging", #"{"log_info":false}"#).status == 501)
    }

    @Test("Several rows by the plain protocol")
    func plainRows() async throws {
        let harness = try await ServingHarness.serving()
        let many = try await harness.send(.post, "/predict", #"{"features":[[0,1],{"x1":1,"x0":0}]}"#)
        #expect(many.status == 200, "\(many.text)")
        #expect(
            try many.json["predictions"] == [
                ["prediction": 1, "label": "benign", "probability": 0.5],
                ["prediction": 1, "label": "benign", "probability": 0.5],
            ]
        )
        #expect(try await harness.send(.post, "/predict/cancer", #"{"features":[0,1]}"#).json["prediction"] == 1)
        #expect(try await harness.send(.post, "/predict/none", #"{"features":[0,1]}"#).status == 404)
        let other = #"{"features":[0,1],"deployment":"other"}"#
        #expect(try await harness.send(.post, "/predict/cancer", other).status == 400)
        for bad in [#"{"features":[0,"a"]}"#, #"{"features":[[0],[1,2]]}"#, #"{"features":[["a","b"]]}"#] {
            #expect(try await harness.send(.post, "/predict", bad).status == 400, "\(bad)")
        }
    }
}
