import Core
import HTTPSupport
import HTTPTypes
import Runtimes
import Serving
import Synchronization
import Testing

@Suite("Models of tensors and tables, by every protocol")
struct TensorModelTests {
    private let infer = "/v2/models/cancer/infer"
    private let words =
        #"{"name":"ids","shape":[2],"datatype":"INT64","data":[1,2]},{"name":"words","shape":[2],"datatype":"BYTES","data":["a","b"]}"#

    @Test("V2: named tensors by type, outputs in the order asked for, half precision only as bytes")
    func v2() async throws {
        let harness = try await ServingHarness.serving(WordRuntime())
        let metadata = try await harness.send(.get, "/v2/models/cancer").json
        #expect(metadata["inputs"]?.arrayValue?.map { $0["datatype"] } == ["INT64", "BYTES"])
        #expect(metadata["outputs"]?.arrayValue?.map { $0["name"] } == ["doubled", "capitals", "halves"])
        let asked = #"{"inputs":[\#(words)],"outputs":[{"name":"capitals"},{"name":"doubled"}]}"#
        let answer = try await harness.send(.post, infer, asked)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(
            try answer.json["outputs"] == [
                ["name": "capitals", "datatype": "BYTES", "shape": [2], "data": ["A", "B"]],
                ["name": "doubled", "datatype": "INT64", "shape": [2], "data": [2, 4]],
            ]
        )
        let all = try await harness.send(.post, infer, "{\"inputs\":[\(words)]}")
        #expect(all.status == 400)
        #expect(try all.json["error"]?.stringValue?.contains("FP16 cannot be sent as JSON") == true)
        let binary = #"{"inputs":[\#(words)],"parameters":{"binary_data_output":true}}"#
        let blobs = try await harness.send(.post, infer, binary)
        #expect(blobs.status == 200, "\(blobs.text)")
        let length = try #require(blobs.headers[.headerLength].flatMap { Int($0) })
        // Two 64-bit numbers, two texts of one letter with their lengths, two 16-bit numbers.
        #expect(blobs.bytes.count - length == 16 + 10 + 4)
        #expect(Array(blobs.bytes.suffix(4)) == [0x00, 0x38, 0x00, 0x3C])
    }

    @Test("V2: binary inputs of texts and numbers, widths converted, columns as [n, 1]")
    func binaryInputs() async throws {
        let harness = try await ServingHarness.serving(WordRuntime())
        let json =
            #"{"inputs":[{"name":"words","shape":[2,1],"datatype":"BYTES","parameters":{"binary_data_size":11}},"#
            + #"{"name":"ids","shape":[2],"datatype":"INT32","parameters":{"binary_data_size":8}}],"#
            + #""outputs":[{"name":"doubled"},{"name":"capitals"}]}"#
        let body =
            Array(json.utf8) + [2, 0, 0, 0, 0x61, 0x62, 1, 0, 0, 0, 0x63] + [1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF]
        let headers = ["Inference-Header-Content-Length": "\(json.utf8.count)"]
        let answer = try await harness.send(.post, infer, body, headers: headers)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(try answer.json["outputs"]?.arrayValue?.map { $0["data"] } == [[2, -4], ["AB", "C"]])
        for wrong in [Array(body.dropLast()), body + [0]] {
            #expect(try await harness.send(.post, infer, wrong, headers: headers).status == 400)
        }
    }

    @Test(
        "V2: what does not fit is refused, naming expected and received",
        arguments: [
            (#"{"name":"ids","shape":[2],"datatype":"INT64","data":[1,2]}"#, "'words' is missing"),
            (
                #"{"name":"ids","shape":[1],"datatype":"BYTES","data":["1"]},{"name":"words","shape":[1],"datatype":"BYTES","data":["a"]}"#,
                "datatype BYTES; expected INT64"
            ),
            (
                #"{"name":"ids","shape":[1],"datatype":"FP64","data":[1.5]},{"name":"words","shape":[1],"datatype":"BYTES","data":["a"]}"#,
                "Expected INT64"
            ),
            (
                #"{"name":"ids","shape":[1,2],"datatype":"INT64","data":[1,2]},{"name":"words","shape":[1],"datatype":"BYTES","data":["a"]}"#,
                "has shape [1, 2]; expected [-1]"
            ),
            (
                #"{"name":"ids","shape":[1],"datatype":"INT64","data":[1]},{"name":"words","shape":[1],"datatype":"BYTES","data":["a"]},{"name":"more","shape":[1],"datatype":"INT64","data":[1]}"#,
                "no input 'more'"
            ),
        ]
    )
    func misfits(inputs: String, reason: String) async throws {
        let harness = try await ServingHarness.serving(WordRuntime())
        let answer = try await harness.send(
            .post,
            infer,
            "{\"inputs\":[\(inputs)],\"outputs\":[{\"name\":\"doubled\"}]}"
        )
        #expect(answer.status == 400)
        #expect(try answer.json["error"]?.stringValue?.contains(reason) == true, "\(answer.text)")
    }

    @Test("V1: objects stack into tensors, and answers are one object for each row")
    func v1() async throws {
        let harness = try await ServingHarness.serving(WordRuntime())
        let body = #"{"instances":[{"ids":1,"words":"a"},{"ids":2,"words":"b"}]}"#
        let answer = try await harness.send(.post, "/v1/models/cancer:predict", body)
        #expect(answer.status == 200, "\(answer.text)")
        #expect(
            try answer.json["predictions"] == [
                ["doubled": 2, "capitals": "A", "halves": 0.5], ["doubled": 4, "capitals": "B", "halves": 1.0],
            ]
        )
        let columns = #"{"inputs":{"ids":[3],"words":["c"]}}"#
        #expect(try await harness.send(.post, "/v1/models/cancer:predict", columns).status == 200)
        for bad in [
            #"{"instances":[{"ids":1}]}"#, #"{"instances":[{"ids":1,"words":"a","x":1}]}"#, #"{"instances":[[1]]}"#,
        ] {
            #expect(try await harness.send(.post, "/v1/models/cancer:predict", bad).status == 400)
        }
    }

    @Test("A table by every protocol arrives with the signature's types")
    func tables() async throws {
        let runtime = TableRuntime()
        let harness = try await ServingHarness.serving(runtime, signature: .person)
        let record = #"{"age":7,"name":"Ann","came":"2026-01-31","tags":["x","y"]}"#
        let bodies: [(String, String)] = [
            ("/predict", "{\"features\":\(record)}"), ("/predict/cancer", "{\"features\":[\(record)]}"),
            ("/v1/models/cancer:predict", "{\"instances\":[\(record)]}"),
            ("/invocations", "{\"dataframe_records\":[\(record)]}"), ("/invocations", "{\"instances\":[\(record)]}"),
            (
                "/deployments/cancer/invocations",
                #"{"dataframe_split":{"columns":["tags","more","age","name","came"],"data":[[["x","y"],0,7,"Ann","2026-01-31"]]}}"#
            ),
            ("/invocations", #"{"inputs":{"age":[7],"name":["Ann"],"came":["2026-01-31"],"tags":[["x","y"]]}}"#),
            (
                infer,
                #"{"parameters":{"content_type":"pd"},"inputs":[{"name":"tags","shape":[1,1],"datatype":"BYTES","data":["[\"x\",\"y\"]"]},{"name":"age","shape":[1,1],"datatype":"INT32","data":[7]},{"name":"came","shape":[1],"datatype":"BYTES","data":["2026-01-31"]},{"name":"name","shape":[1],"datatype":"BYTES","parameters":{"content_type":"base64"},"data":["QW5u"]}]}"#
            ),
        ]
        for (path, body) in bodies {
            let answer = try await harness.send(.post, path, body)
            #expect(answer.status == 200, "\(path): \(answer.text)")
            let call = try #require(runtime.last.withLock { $0 })
            let expected = try [
                NamedTensor("age", Tensor(shape: [1], elements: [Int64(7)])),
                NamedTensor("name", Tensor(shape: [1], strings: ["Ann"])),
                NamedTensor("came", Tensor(shape: [1], strings: ["2026-01-31"])),
                NamedTensor("tags", Tensor(shape: [1], strings: [#"["x","y"]"#])),
            ]
            #expect(call.input == .tensors(expected, .columns), "\(path) \(body)")
        }
    }

    @Test(
        "Tables that do not fit the signature are refused by all",
        arguments: [
            (#"{"age":7}"#, "'name' is missing"), (#"{"age":7.5,"name":"a"}"#, "expected long"),
            (#"{"age":"7","name":"a"}"#, "expected long"), (#"{"age":7,"name":5}"#, "expected string"),
            (#"{"age":7,"name":null}"#, "expected string"), (#"{"age":7,"name":"a","came":"soon"}"#, "came[0]"),
            (#"{"age":7,"name":"a","tags":[1]}"#, "tags[0]"),
        ]
    )
    func wrongTables(record: String, reason: String) async throws {
        let harness = try await ServingHarness.serving(TableRuntime(), signature: .person)
        for (path, body) in [
            ("/predict", "{\"features\":\(record)}"), ("/v1/models/cancer:predict", "{\"instances\":[\(record)]}"),
            ("/invocations", "{\"dataframe_records\":[\(record)]}"),
        ] {
            let answer = try await harness.send(.post, path, body)
            #expect(answer.status == 400, "\(path): \(answer.text)")
            #expect(answer.text.contains(reason), "\(path): \(answer.text)")
        }
    }

    @Test("Unknown columns are refused by V1 and V2 and dropped by MLflow's protocol")
    func unknownColumns() async throws {
        let harness = try await ServingHarness.serving(TableRuntime(), signature: .person)
        let record = #"{"age":7,"name":"a","shoe":44}"#
        let v1 = try await harness.send(.post, "/v1/models/cancer:predict", "{\"instances\":[\(record)]}")
        #expect(v1.status == 400 && v1.text.contains("no input 'shoe'"))
        let mlflow = try await harness.send(.post, "/invocations", "{\"instances\":[\(record)]}")
        #expect(try mlflow.json == ["predictions": [["age": 7, "name": "a"]]])
    }

    @Test("CSV follows the signature")
    func csv() async throws {
        let harness = try await ServingHarness.serving(TableRuntime(), signature: .person)
        let text = "name,age,score\n1234,7,0.5\nBob,8,\n"
        let answer = try await harness.send(.post, "/invocations", text, headers: ["Content-Type": "text/csv"])
        #expect(
            try answer.json["predictions"] == [
                ["age": 7, "name": "1234", "score": 0.5], ["age": 8, "name": "Bob", "score": nil],
            ],
            "\(answer.text)"
        )
    }

    @Test("Parameters are those of the signature")
    func parameters() async throws {
        let runtime = TableRuntime()
        let harness = try await ServingHarness.serving(runtime, signature: .person)
        let rows = #""dataframe_records":[{"age":7,"name":"a"}]"#
        #expect(try await harness.send(.post, "/invocations", "{\(rows),\"params\":{\"scale\":2}}").status == 200)
        #expect(runtime.last.withLock { $0?.parameters } == ["scale": .number(2)])
        #expect(try await harness.send(.post, "/invocations", "{\(rows)}").status == 200)
        #expect(runtime.last.withLock { $0?.parameters } == ["scale": .number(1)])
        for wrong in [#"{"size":1}"#, #"{"scale":"x"}"#, "[]"] {
            #expect(try await harness.send(.post, "/invocations", "{\(rows),\"params\":\(wrong)}").status == 400)
        }
    }

    @Test("A model that says nothing of its input gets tables, arrays and objects as they come")
    func silent() async throws {
        let runtime = TableRuntime()
        let harness = try await ServingHarness.serving(runtime)
        let predict = "/v1/models/cancer:predict"
        #expect(
            try await harness.send(.post, predict, #"{"instances":[[1,2],[3,4]]}"#).json["predictions"] == [
                [1, 2], [3, 4],
            ]
        )
        #expect(try await harness.send(.post, predict, #"{"instances":["a","b"]}"#).json["predictions"] == ["a", "b"])
        #expect(
            try await harness.send(.post, predict, #"{"instances":[{"a":1,"b":"x"},{"a":2.5,"b":"y"}]}"#).json[
                "predictions"
            ]
                == [["a": 1.0, "b": "x"], ["a": 2.5, "b": "y"]]
        )
        #expect(try await harness.send(.post, predict, #"{"instances":[[1],[2,3]]}"#).status == 400)
        #expect(try await harness.send(.post, predict, #"{"instances":[1,"a"]}"#).status == 400)
        let chat = #"{"messages":[{"role":"user","content":"hi"}],"temperature":0.5}"#
        let answer = try await harness.send(.post, "/invocations", chat)
        #expect(try answer.json == JSONValue.parse(chat))
    }
}
