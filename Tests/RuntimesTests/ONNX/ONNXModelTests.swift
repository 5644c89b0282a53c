import Core
import Runtimes
import Testing

/// Models made by `Golden/make_onnx.py`; what ONNX Runtime's Python package answers is in `expected-onnx.json`.
@Suite("An ONNX model")
struct ONNXModelTests {
    static func model(_ name: String) throws -> ONNXModelRuntime {
        try ONNXModelRuntime(GoldenFiles.bytes(name), place: (GoldenFiles.folder, name))
    }

    private static func expected(_ name: String) throws -> (inputs: JSONObject, outputs: [JSONValue]) {
        let golden = try GoldenFiles.json("expected-onnx.json")[name]
        return (golden?["inputs"]?.objectValue ?? [:], golden?["outputs"]?.arrayValue ?? [])
    }

    /// The tensors of a golden call, in the types that the model declares.
    private static func feed(_ name: String, _ model: any ModelRuntime) throws -> [NamedTensor] {
        let inputs = try expected(name).inputs
        return try model.inputs.map { spec in
            let value = inputs[spec.name]
            let shape = try #require(extents(value))
            if spec.dataType == .bytes {
                return NamedTensor(spec.name, try Tensor(shape: shape, strings: texts(value)))
            }
            let tensor = try Tensor(shape: shape, elements: GoldenFiles.numbers(value.map { [$0] }))
            return NamedTensor(spec.name, try tensor.converted(to: spec.dataType))
        }
    }

    private static func extents(_ value: JSONValue?) -> [Int]? {
        guard let value else { return nil }
        guard let elements = value.arrayValue else { return [] }
        return [elements.count] + (extents(elements.first) ?? [])
    }

    private static func texts(_ value: JSONValue?) -> [String] {
        value?.arrayValue.map { $0.flatMap { texts($0) } } ?? [value?.stringValue ?? ""]
    }

    private static func run(_ model: any ModelRuntime, _ call: ModelCall) async throws -> [NamedTensor] {
        guard case .tensors(let tensors, .named) = try await model.infer(call).content else {
            throw MartletError(.internal, "No tensors.")
        }
        return tensors
    }

    @Test(
        "answers its own tensors as ONNX Runtime's Python package does",
        arguments: ["two-inputs.onnx", "external.onnx", "columns-numbers.onnx", "columns-texts.onnx"]
    )
    func matchesPeer(_ name: String) async throws {
        let model = try Self.model(name)
        let results = try await Self.run(model, ModelCall(.tensors(Self.feed(name, model), .named)))
        let expected = try Self.expected(name).outputs
        #expect(results.map(\.name) == model.outputs.map(\.name))
        for (result, theirs) in zip(results, expected) {
            #expect(result.tensor.shape == Self.extents(theirs))
            for (one, other) in zip(try #require(result.tensor.floats), GoldenFiles.numbers(theirs)) {
                #expect(abs(one - other) <= 1e-5 * max(1, abs(other)))
            }
        }
    }

    @Test("of a classifier with ZipMap gives a matrix in the order of its labels")
    func zipMap() async throws {
        for (name, labels) in [("zipmap-numbers.onnx", ["2", "7", "12"]), ("zipmap-texts.onnx", ["no", "yes"])] {
            let model = try Self.model(name)
            #expect(model.classLabels == labels)
            #expect(model.outputs[1] == TensorSpec("output_probability", .float32, [-1, labels.count]))
            let results = try await Self.run(model, ModelCall(.tensors(Self.feed(name, model), .named)))
            let expected = try Self.expected(name).outputs
            let rows = try #require(expected[1].arrayValue)
            let flat = rows.flatMap { row in labels.map { Float(row[$0]?.doubleValue ?? .nan) } }
            #expect(results[1].tensor.shape == [rows.count, labels.count])
            #expect(results[1].tensor.elements(Float.self) == flat)
            if labels == ["no", "yes"] {
                #expect(results[0].tensor.texts.map { String(decoding: $0, as: UTF8.self) } == Self.texts(expected[0]))
            } else {
                #expect(results[0].tensor.doubles == expected[0].arrayValue?.compactMap(\.doubleValue))
            }
            let one = try await Self.run(
                model,
                ModelCall(.tensors(Self.feed(name, model), .named), outputs: ["output_probability"])
            )
            #expect(one == [results[1]])
        }
    }

    @Test("carries every datatype unchanged")
    func types() async throws {
        let model = try Self.model("types.onnx")
        #expect(Set(model.inputs.map(\.dataType)) == Set(DataType.allCases))
        let given = try model.inputs.map { spec in
            guard let size = spec.dataType.size else {
                let texts: [[UInt8]] = [[0xC3, 0xA4, 0, 1], [], Array("b".utf8), Array("\"".utf8)]
                return NamedTensor(spec.name, try Tensor(shape: [2, 2], texts: texts))
            }
            let bytes = (0..<4 * size).map { spec.dataType == .bool ? UInt8($0 % 2) : UInt8($0 * 3 + 1) }
            return NamedTensor(spec.name, try Tensor(spec.dataType, shape: [2, 2], packed: bytes))
        }
        let results = try await Self.run(model, ModelCall(.tensors(given, .named)))
        #expect(results.map(\.tensor) == given.map(\.tensor))
        let empty = try model.inputs.map { spec in
            let tensor =
                spec.dataType == .bytes
                ? try Tensor(shape: [0, 2], texts: []) : try Tensor(spec.dataType, shape: [0, 2], packed: [])
            return NamedTensor(spec.name, tensor)
        }
        #expect(try await Self.run(model, ModelCall(.tensors(empty, .named))).map(\.tensor) == empty.map(\.tensor))
    }

    @Test("says what it expected and what it received")
    func refusals() async throws {
        let model = try Self.model("two-inputs.onnx")
        let good = try Self.feed("two-inputs.onnx", model)
        let wrongType = NamedTensor("a", try good[0].tensor.converted(to: .float64))
        let wrongShape = NamedTensor("a", try good[0].tensor.reshaped([6]))
        let wrongFit = NamedTensor("a", try good[0].tensor.reshaped([2, 3]))
        let extra = NamedTensor("c", good[2].tensor)
        for (call, part) in [
            (ModelCall(.tensors([wrongType, good[1], good[2]], .named)), "has datatype FP64; expected FP32"),
            (ModelCall(.tensors([wrongShape, good[1], good[2]], .named)), "has shape [6]; expected [-1, -1]"),
            (
                ModelCall(.tensors([good[0], good[1]], .named)),
                "'scale' is missing. The model takes 'a' (FP32 [-1, -1])"
            ),
            (ModelCall(.tensors(good + [extra], .named)), "'c' is not known"),
            (ModelCall(.tensors(good + [good[0]], .named)), "'a' is given twice"),
            (ModelCall(.tensors(good, .named), outputs: ["x"]), "'x' is not known; the model gives 'scaled', 'ab'"),
            (ModelCall(.tensors([good[0]], .single)), "One array was received. The model takes 'a'"),
            (ModelCall(.json([])), "but the input is an array"),
            (ModelCall(.tensors([wrongFit, good[1], good[2]], .named)), "cannot compute with this input"),
        ] {
            let error = try await #require(throws: MartletError.self) { try await model.infer(call) }
            #expect(error.code == .invalidArgument && error.message.contains(part), "\(error.message)")
            #expect(!error.message.contains("/"), "\(error.message)")
        }
    }

    @Test("tells an index out of bounds from a fault of its own")
    func runtimeRefusal() async throws {
        let model = try Self.model("gather.onnx")
        let good = NamedTensor("index", try Tensor(shape: [2], elements: [3, 0] as [Int64]))
        let rows = try await Self.run(model, ModelCall(.tensors([good], .named)))
        #expect(rows[0].tensor.elements(Float.self) == [9, 10, 11, 0, 1, 2])
        let bad = NamedTensor("index", try Tensor(shape: [1], elements: [4] as [Int64]))
        let error = try await #require(throws: MartletError.self) {
            try await model.infer(ModelCall(.tensors([bad], .named)))
        }
        #expect(error.code == .invalidArgument && error.message.contains("idx=4"), "\(error.message)")
    }

    @Test("that gives a sequence gives one tensor of its parts")
    func sequence() async throws {
        let model = try Self.model("sequence.onnx")
        let x = NamedTensor("", try Tensor(shape: [3, 2], elements: [1, 2, 3, 4, 5, 6] as [Float]))
        let parts = try await Self.run(model, ModelCall(.tensors([x], .single)))
        #expect(parts == [NamedTensor("parts", x.tensor)])
    }

    @Test("takes columns by name, and numbers of other types")
    func columns() async throws {
        let model = try Self.model("columns-texts.onnx")
        let named = try Self.feed("columns-texts.onnx", model)
        let columns = try named.map { item in
            let column = try item.tensor.reshaped([4])
            return NamedTensor(item.name, column.dataType == .bytes ? column : try column.converted(to: .float64))
        }
        let expected = try await Self.run(model, ModelCall(.tensors(named, .named)))
        #expect(try await Self.run(model, ModelCall(.tensors(columns.reversed(), .columns))) == expected)
        let error = try await #require(throws: MartletError.self) {
            try await model.infer(
                ModelCall(.tensors([columns[0], NamedTensor("colour", columns[0].tensor)], .columns))
            )
        }
        #expect(error.message.contains("'colour' has datatype FP64; expected BYTES"), "\(error.message)")
        let matrix = try Self.model("zipmap-texts.onnx")
        let rows = try Self.feed("zipmap-texts.onnx", matrix)
        let values = try #require(rows[0].tensor.elements(Float.self))
        let split = try (0..<3).map { column in
            NamedTensor("c\(column)", try Tensor(shape: [5], elements: (0..<5).map { Double(values[$0 * 3 + column]) }))
        }
        let whole = try await Self.run(matrix, ModelCall(.tensors(rows, .named)))
        #expect(try await Self.run(matrix, ModelCall(.tensors(split, .columns))) == whole)
    }

    @Test("with weights in other files reads them from its own folder only")
    func external() throws {
        let bytes = try GoldenFiles.bytes("external.onnx")
        let alone = try #require(throws: MartletError.self) { try ONNXModelRuntime(bytes) }
        #expect(alone.message.contains("external.onnx.data"))
        let folder = try TemporaryFolder()
        let missing = try #require(throws: MartletError.self) {
            try ONNXModelRuntime(bytes, place: (folder.path, "external.onnx"))
        }
        #expect(missing.code == .dataLoss && missing.message.contains("external.onnx.data"))
        let outside = try #require(throws: MartletError.self) { try Self.model("outside.onnx") }
        #expect(outside.code == .invalidArgument && outside.message.contains("../secret"))
    }

    @Test("may have so many inputs and outputs")
    func ports() throws {
        func model(_ count: Int) -> [UInt8] {
            let graph = (0..<count).flatMap { _ in [0x62, 3, 0x0A, 1, 0x6F] as [UInt8] }
            let length = [
                UInt8(graph.count & 0x7F) | 0x80, UInt8(graph.count >> 7 & 0x7F) | 0x80, UInt8(graph.count >> 14),
            ]
            return [0x08, 8, 0x3A] + length + graph
        }
        for (count, code) in [
            (RuntimesLimits.ports, MartletError.Code.unimplemented), (RuntimesLimits.ports + 1, .dataLoss),
        ] {
            let error = try #require(throws: MartletError.self) { try ONNXModelRuntime(model(count)) }
            #expect(error.code == code, "\(error.message)")
        }
    }

    @Test("that is damaged is refused, wherever it was cut or changed")
    func damaged() throws {
        for name in ["zipmap-texts.onnx", "types.onnx", "onnx-binary.onnx"] {
            let bytes = try GoldenFiles.bytes(name)
            for length in stride(from: 0, to: bytes.count - 1, by: 7) {
                do {
                    _ = try ONNXModelRuntime(Array(bytes.prefix(length)))
                } catch let error as MartletError {
                    #expect([.dataLoss, .unimplemented, .invalidArgument].contains(error.code), "\(error)")
                }
            }
            for position in stride(from: 0, to: bytes.count, by: 11) {
                var changed = bytes
                changed[position] ^= 0x55
                // A changed name or weight is still a model; what counts is that nothing but an error comes of it.
                _ = try? ONNXModelRuntime(changed)
            }
        }
    }
}

/// Rows of numbers through ONNX models of several shapes.
@Suite("An ONNX model of rows")
struct ONNXRowTests {
    private static func runtime(_ name: String) throws -> ONNXRowRuntime {
        try ONNXRowRuntime(ONNXModelTests.model(name))
    }

    @Test("gives the probability of class 1, or one probability a class, also behind ZipMap")
    func zipMap() throws {
        let golden = try GoldenFiles.json("expected-onnx.json")
        for (name, labels) in [("zipmap-numbers.onnx", ["2", "7", "12"]), ("zipmap-texts.onnx", ["no", "yes"])] {
            let runtime = try Self.runtime(name)
            #expect(runtime.classLabels == labels && runtime.featureCount == 3)
            #expect(runtime.outputWidth == (labels.count == 2 ? 1 : 3))
            let rows = GoldenFiles.rows(golden[name]?["inputs"]?["X"])
            let expected = try #require(golden[name]?["outputs"]?.arrayValue?[1].arrayValue).flatMap { row in
                (labels.count == 2 ? ["yes"] : labels).map { Float(row[$0]?.doubleValue ?? .nan) }
            }
            #expect(try runtime.predict(rows, count: 5) == expected)
        }
    }

    @Test("spreads a row over one input a feature, in their types")
    func columns() throws {
        let runtime = try Self.runtime("columns-numbers.onnx")
        #expect(runtime.featureCount == 2 && runtime.outputWidth == 1 && runtime.classLabels.isEmpty)
        let golden = try GoldenFiles.json("expected-onnx.json")["columns-numbers.onnx"]
        let (width, count) = (
            GoldenFiles.numbers(golden?["inputs"]?["width"]), GoldenFiles.numbers(golden?["inputs"]?["count"])
        )
        let rows = zip(width, count).flatMap { [$0, $1] }
        #expect(try runtime.predict(rows, count: 4) == GoldenFiles.numbers(golden?["outputs"]?.arrayValue?[0]))
        let error = try #require(throws: MartletError.self) { try runtime.predict([0.5, 0.5], count: 1) }
        #expect(error.code == .invalidArgument && error.message.contains("0.5 is no whole number"))
    }

    @Test("takes doubles, and refuses models that are not of rows")
    func others() throws {
        #expect(try Self.runtime("double.onnx").predict([1, 2, 3, 4, 5, 6], count: 2) == [6, 15])
        for name in ["two-inputs.onnx", "columns-texts.onnx", "types.onnx", "sequence.onnx"] {
            let error = try #require(throws: MartletError.self) { try Self.runtime(name) }
            #expect(error.code == .unimplemented, "\(name)")
        }
    }
}
