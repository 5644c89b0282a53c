import Core
import Runtimes
import Testing

/// Calls as a worker reads them, answers as a worker writes them.
struct WorkerAnswerTests {
    private func frame(_ call: ModelCall) throws -> WorkerFrame {
        var reader = WorkerFrameReader()
        let frames = try WorkerCoding.frame(of: call, id: 5).withUnsafeBytes { try reader.take($0) }
        return try #require(frames.first)
    }

    private func answer(_ header: String, _ body: [UInt8] = [], outputs: [String]? = nil) throws -> WorkerAnswer {
        try WorkerAnswer(
            WorkerFrame(.result, id: 1, header: Array(header.utf8), body: body),
            outputs: outputs,
            unnamed: "predict"
        )
    }

    @Test("Tensors of every type come back as they went, with their names and layout")
    func roundTrip() throws {
        var tensors = [NamedTensor("text\"s", try Tensor(shape: [2, 1], strings: ["ä", ""]))]
        for type in DataType.allCases where type != .bytes {
            let bytes = (0..<(3 * (type.size ?? 0))).map { UInt8($0 * 7 % 251) }
            tensors.append(NamedTensor(type.rawValue, try Tensor(type, shape: [3], packed: bytes)))
        }
        tensors.append(NamedTensor("none", try Tensor(shape: [0, 4], elements: [Float]())))
        for layout in [TensorLayout.columns, .named] {
            let sent = try frame(ModelCall(.tensors(tensors, layout)))
            let answer = try WorkerAnswer(sent, outputs: nil, unnamed: "predict")
            #expect(answer.result == ModelResult(.tensors(tensors, layout)))
        }
    }

    @Test("Rows, JSON and parameters are told in the header")
    func header() throws {
        let rows = try frame(ModelCall(.rows([1, 2, 3, 4, 5, 6], count: 2)))
        #expect(String(decoding: rows.header, as: UTF8.self) == #"{"layout":"rows","shape":[2,3]}"#)
        #expect(rows.body.count == 24)
        let none = try frame(ModelCall(.rows([], count: 0)))
        #expect(String(decoding: none.header, as: UTF8.self) == #"{"layout":"rows","shape":[0,0]}"#)
        let json = try frame(ModelCall(.json(["a": [1, nil]]), parameters: ["t": 0.5]))
        #expect(String(decoding: json.header, as: UTF8.self) == #"{"layout":"json","params":{"t":0.5}}"#)
        #expect(String(decoding: json.body, as: UTF8.self) == #"{"a":[1,null]}"#)
        #expect(json.kind == .call && json.id == 5)
    }

    @Test("A tensor without a name gets that of the signature; NaN in JSON stays")
    func names() throws {
        let header =
            #"{"layout":"single","tensors":[{"name":"","datatype":"UINT8","shape":[],"bytes":1}],"nanoseconds":9}"#
        let single = try answer(header, [3])
        #expect(
            single.result
                == ModelResult(.tensors([NamedTensor("predict", try Tensor(.uint8, shape: [], packed: [3]))], .single))
        )
        #expect(single.modelNanoseconds == 9)
        guard
            case .json(let value) = try answer(#"{"layout":"json","tensors":[]}"#, Array("[NaN,1]".utf8)).result.content
        else { return #expect(Bool(false)) }
        #expect(value.arrayValue?.first?.doubleValue?.isNaN == true)
    }

    @Test("Only the outputs that are asked for, in that order; an unknown one is named with those that exist")
    func outputs() throws {
        let header = """
            {"layout":"columns","tensors":[{"name":"a","datatype":"UINT8","shape":[1],"bytes":1},\
            {"name":"b","datatype":"UINT8","shape":[1],"bytes":1}]}
            """
        let chosen = try answer(header, [1, 2], outputs: ["b"])
        #expect(
            chosen.result
                == ModelResult(.tensors([NamedTensor("b", try Tensor(.uint8, shape: [1], packed: [2]))], .columns))
        )
        let error = #expect(throws: MartletError.self) { try answer(header, [1, 2], outputs: ["c"]) }
        #expect(error?.code == .invalidArgument && error?.message.contains("it gave a, b") == true)
    }

    @Test(
        "An answer that contradicts itself is an internal error",
        arguments: [
            "", "[]", "{}", #"{"layout":"rows"}"#, #"{"layout":"single","tensors":[]}"#, #"{"layout":"json"}"#,
            #"{"layout":"single","tensors":[{"name":"","datatype":"FP32","shape":[2],"bytes":4}]}"#,
            #"{"layout":"single","tensors":[{"name":"","datatype":"FP32","shape":[1],"bytes":5}]}"#,
            #"{"layout":"single","tensors":[{"name":"","datatype":"FP32","shape":[1],"bytes":-1}]}"#,
            #"{"layout":"single","tensors":[{"name":"","datatype":"FP32","shape":[-1],"bytes":4}]}"#,
            #"{"layout":"single","tensors":[{"name":"","datatype":"FP32","shape":[9223372036854775807,9],"bytes":4}]}"#,
            #"{"layout":"single","tensors":[{"name":"","datatype":"BYTES","shape":[1],"bytes":4}]}"#,
            #"{"layout":"single","tensors":[{"name":"","datatype":"X","shape":[1],"bytes":4}]}"#,
            #"{"layout":"single","tensors":[{"name":"","datatype":"FP32","shape":[1],"bytes":3}]}"#,
        ]
    )
    func contradictions(header: String) {
        let error = #expect(throws: MartletError.self) { try answer(header, [0xFF, 0xFF, 0xFF, 0xFF]) }
        #expect(error?.code == .internal || error?.code == .invalidArgument)
    }

    @Test("More tensors or bytes than a worker takes are refused")
    func limits() throws {
        let empty = NamedTensor("", try Tensor(.uint8, shape: [0], packed: []))
        let many = Array(repeating: empty, count: WorkerLimits.tensors + 1)
        let error = #expect(throws: MartletError.self) {
            try WorkerCoding.frame(of: ModelCall(.tensors(many, .named)), id: 1)
        }
        #expect(error?.code == .payloadTooLarge)
        let large = NamedTensor(String(repeating: "n", count: WorkerLimits.headerBytes), empty.tensor)
        #expect(throws: MartletError.self) { try WorkerCoding.frame(of: ModelCall(.tensors([large], .single)), id: 1) }
    }

    @Test("What an exception is depends on whose fault it is, and no path of the host is in it")
    func complaints() throws {
        func complaint(_ code: String, _ more: String = "") throws -> WorkerComplaint {
            let header = #"{"type":"E","message":"no '/srv/secret/model.pkl' here","code":"\#(code)"\#(more)}"#
            return try WorkerComplaint(WorkerFrame(.error, id: 1, header: Array(header.utf8)))
        }
        #expect(try complaint("request").callError.code == .invalidArgument)
        #expect(try complaint("model").callError.code == .internal)
        #expect(try complaint("memory").callError.code == .unavailable)
        #expect(try complaint("model").callError.message == "The model failed: E: no 'model.pkl' here")
        #expect(try complaint("memory").loadError.code == .resourceExhausted)
        #expect(try complaint("model").loadError.code == .failedPrecondition)
        #expect(try complaint("model", #","module":"mlflow""#).loadError.message.contains("`martlet model env`"))
        #expect(throws: WorkerProtocolError.self) { try complaint("other") }
        let long = String(repeating: "x", count: WorkerLimits.messageCharacters + 1)
        let cut = try WorkerComplaint(
            WorkerFrame(.error, id: 1, header: Array(#"{"type":"E","message":"\#(long)","code":"model"}"#.utf8))
        )
        #expect(cut.message.count == WorkerLimits.messageCharacters)
    }

    @Test(
        "Paths become names; addresses, fractions and single names stay",
        arguments: [
            ("/a/b/c.txt: gone", "c.txt: gone"), ("open('/tmp/x/y')", "open('y')"), ("at=/a/b", "at=b"),
            ("E:/a/b", "E:b"),
            ("https://example.org/a/b", "https://example.org/a/b"), ("file:///etc/passwd", "file:passwd"),
            ("1/2 and a/b/c", "1/2 and a/b/c"), ("/predict", "/predict"), ("", ""), ("/", "/"),
        ]
    )
    func paths(text: String, expected: String) {
        #expect(HostPaths.removed(from: text) == expected)
    }
}
