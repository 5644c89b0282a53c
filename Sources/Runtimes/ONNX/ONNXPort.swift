import Core

/// One value that an ONNX model takes or gives.
struct ONNXPort: Sendable, Equatable {
    /// What the value is.
    enum Kind: Sendable, Equatable {
        /// A tensor; -1 where any extent goes, nil when the rank is open, too.
        case tensor(DataType, [Int]?)
        /// A sequence of tensors.
        case sequence(DataType, [Int]?)
        /// Numbers by class label: a map, or a sequence of maps (ZipMap of the scikit-learn converters).
        case labelled
        /// What Martlet does not carry, in words.
        case other(String)
    }

    let name: String
    let kind: Kind

    /// How protocols describe the value; `labels` are the columns of what is labelled.
    ///
    /// - Throws: `unimplemented` for what no protocol carries.
    func spec(labels: [String]) throws(MartletError) -> TensorSpec {
        switch kind {
        case .tensor(let type, let shape): return TensorSpec(name, type, shape ?? [-1])
        case .sequence(let type, let shape): return TensorSpec(name, type, [-1] + (shape ?? [-1]))
        case .labelled: return TensorSpec(name, .float32, [-1, labels.isEmpty ? -1 : labels.count])
        case .other(let what):
            throw MartletError(.unimplemented, "'\(name)' of the ONNX model is \(what), which no protocol carries.")
        }
    }

    /// Type and shape of a tensor in words, such as `FP32 [-1, 4]`.
    var words: String {
        switch kind {
        case .tensor(let type, let shape?): "'\(name)' (\(type.rawValue) \(shape))"
        case .tensor(let type, nil): "'\(name)' (\(type.rawValue))"
        default: "'\(name)'"
        }
    }
}

extension DataType {
    /// The type of an ONNX element (`TensorProto.DataType`, which ONNX Runtime shares); nil for what V2 does not name.
    init?(onnx code: Int) {
        guard let found = Self.onnxCodes.first(where: { $0.code == code }) else { return nil }
        self = found.type
    }

    /// The number of the type in ONNX.
    var onnxCode: Int {
        Self.onnxCodes.first { $0.type == self }?.code ?? 0
    }

    private static let onnxCodes: [(code: Int, type: DataType)] = [
        (1, .float32), (2, .uint8), (3, .int8), (4, .uint16), (5, .int16), (6, .int32), (7, .int64), (8, .bytes),
        (9, .bool), (10, .float16), (11, .float64), (12, .uint32), (13, .uint64), (16, .brain16),
    ]

    /// ONNX's name of an element type that has none here.
    static func onnxName(_ code: Int) -> String {
        let names = [
            14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz", 19: "float8e5m2",
            20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1",
        ]
        return names[code] ?? "type \(code)"
    }
}
