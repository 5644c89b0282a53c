import CModelLibraries
import Core

/// Turns tensors into ONNX Runtime's values and back.
struct ONNXValues {
    let library: ONNXRuntimeLibrary

    private static let tensorValue: Int32 = 1
    private static let sequenceValue: Int32 = 2
    private static let mapValue: Int32 = 3

    private var api: martlet_onnxruntime { library.table.pointee }

    // MARK: In

    /// A value that holds a copy of `tensor`; the caller releases it.
    func make(_ tensor: Tensor) throws -> ONNXHandle {
        let shape = tensor.shape.map { Int64($0) }
        let value = try library.make("take a tensor", code: .resourceExhausted) {
            api.CreateTensorAsOrtValue(library.allocator, shape, shape.count, Int32(tensor.dataType.onnxCode), $0)
        }
        do {
            switch tensor.storage {
            case .packed(let bytes) where !bytes.isEmpty:
                let data = try library.make("take a tensor") { api.GetTensorMutableData(value, $0) }
                UnsafeMutableRawBufferPointer(start: data, count: bytes.count).copyBytes(from: bytes)
            case .packed: break
            case .texts(let texts):
                for (index, text) in texts.enumerated() { try put(text, at: index, in: value) }
            }
        } catch {
            api.ReleaseValue(value)
            throw error
        }
        return value
    }

    private func put(_ text: [UInt8], at index: Int, in value: ONNXHandle) throws {
        var buffer: UnsafeMutablePointer<CChar>?
        try library.check(api.GetResizedStringTensorElementBuffer(value, index, text.count, &buffer), "take text")
        guard let buffer, !text.isEmpty else { return }
        UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(buffer), count: text.count).copyBytes(from: text)
    }

    // MARK: Out

    /// What a value holds, as one tensor; `labels` are the columns of what is labelled.
    ///
    /// - Throws: `unimplemented` for what is no tensor and does not add up to one.
    func tensor(_ value: ONNXHandle, of port: ONNXPort, labels: [String]) throws -> Tensor {
        var kind: Int32 = 0
        try library.check(api.GetValueType(value, &kind), "describe a result")
        switch kind {
        case Self.tensorValue: return try tensor(value)
        case Self.mapValue: return try table([try map(value)], port, labels)
        case Self.sequenceValue:
            if case .labelled = port.kind {
                return try table(try elements(value) { try map($0) }, port, labels)
            }
            return try stacked(try elements(value) { try tensor($0) }, port)
        default:
            throw MartletError(.unimplemented, "The output '\(port.name)' of the ONNX model is no tensor.")
        }
    }

    private func elements<Element>(_ value: ONNXHandle, _ read: (ONNXHandle) throws -> Element) throws -> [Element] {
        var count = 0
        try library.check(api.GetValueCount(value, &count), "count a result")
        return try (0..<count).map { index in
            let element = try library.make("take a result apart") {
                api.GetValue(value, Int32(clamping: index), library.allocator, $0)
            }
            defer { api.ReleaseValue(element) }
            return try read(element)
        }
    }

    /// A map's keys as text, and its values.
    private func map(_ value: ONNXHandle) throws -> [String: Float] {
        let parts = try elements(value) { try tensor($0) }
        guard parts.count == 2, let numbers = parts[1].elements(Float.self), numbers.count == parts[0].count else {
            throw MartletError(.internal, "A map of the ONNX model has no values.")
        }
        let keys =
            parts[0].elements(Int64.self)?.map { "\($0)" } ?? parts[0].texts.map { String(decoding: $0, as: UTF8.self) }
        return Dictionary(zip(keys, numbers)) { _, last in last }
    }

    private func table(_ rows: [[String: Float]], _ port: ONNXPort, _ labels: [String]) throws -> Tensor {
        let labels = labels.isEmpty ? (rows.first?.keys.sorted() ?? []) : labels
        var values: [Float] = []
        values.reserveCapacity(rows.count * labels.count)
        for row in rows {
            guard row.count == labels.count else { throw Self.uneven(port) }
            for label in labels {
                guard let value = row[label] else { throw Self.uneven(port) }
                values.append(value)
            }
        }
        return try Tensor(shape: [rows.count, labels.count], elements: values)
    }

    private static func uneven(_ port: ONNXPort) -> MartletError {
        MartletError(
            .unimplemented,
            "The output '\(port.name)' of the ONNX model does not have the same keys in each row."
        )
    }

    /// Tensors of one shape, as one tensor with one more dimension.
    private func stacked(_ parts: [Tensor], _ port: ONNXPort) throws -> Tensor {
        guard let first = parts.first else {
            guard case .sequence(let type, let shape) = port.kind else { throw Self.uneven(port) }
            let empty = [0] + (shape ?? []).map { max(0, $0) }
            return type == .bytes ? try Tensor(shape: empty, texts: []) : try Tensor(type, shape: empty, packed: [])
        }
        for part in parts where part.shape != first.shape || part.dataType != first.dataType {
            throw MartletError(
                .unimplemented,
                "The output '\(port.name)' of the ONNX model is a sequence of tensors of different shapes, such as"
                    + " \(first.shape) and \(part.shape), which no protocol carries."
            )
        }
        let shape = [parts.count] + first.shape
        if first.dataType == .bytes { return try Tensor(shape: shape, texts: parts.flatMap(\.texts)) }
        return try Tensor(first.dataType, shape: shape, packed: parts.flatMap(\.packed))
    }

    private func tensor(_ value: ONNXHandle) throws -> Tensor {
        let info = try library.make("describe a result") { api.GetTensorTypeAndShape(value, $0) }
        defer { api.ReleaseTensorTypeAndShapeInfo(info) }
        var code: Int32 = 0
        try library.check(api.GetTensorElementType(info, &code), "describe a result")
        guard let type = DataType(onnx: Int(code)) else {
            throw MartletError(
                .unimplemented,
                "An output of the ONNX model is a tensor of \(DataType.onnxName(Int(code))), which no protocol carries."
            )
        }
        let shape = try shape(info)
        let count = try Tensor.elementCount(of: shape)
        guard let size = type.size else { return try Tensor(shape: shape, texts: texts(value, count: count)) }
        guard count > 0 else { return try Tensor(type, shape: shape, packed: []) }
        let data = try library.make("return a result") { api.GetTensorMutableData(value, $0) }
        return try Tensor(type, shape: shape, packed: Array(UnsafeRawBufferPointer(start: data, count: count * size)))
    }

    private func shape(_ info: ONNXHandle) throws -> [Int] {
        var rank = 0
        try library.check(api.GetDimensionsCount(info, &rank), "describe a result")
        guard rank <= CoreLimits.tensorRank else {
            throw MartletError(.unimplemented, "An output of the ONNX model has \(rank) dimensions.")
        }
        var extents = [Int64](repeating: 0, count: max(rank, 1))
        try library.check(api.GetDimensions(info, &extents, rank), "describe a result")
        return extents.prefix(rank).map { Int(clamping: $0) }
    }

    private func texts(_ value: ONNXHandle, count: Int) throws -> [[UInt8]] {
        guard count > 0 else { return [] }
        var length = 0
        try library.check(api.GetStringTensorDataLength(value, &length), "return text")
        var bytes = [UInt8](repeating: 0, count: max(1, length))
        var offsets = [Int](repeating: 0, count: count)
        try library.check(api.GetStringTensorContent(value, &bytes, length, &offsets, count), "return text")
        return offsets.indices.map { index in
            let end = index + 1 < count ? offsets[index + 1] : length
            return Array(bytes[offsets[index]..<end])
        }
    }
}
