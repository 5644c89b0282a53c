import Core

extension V2Request {
    /// The rows that the input tensors hold: one matrix, or one column tensor for each feature.
    ///
    /// - Parameters:
    ///   - model: the model whose columns are asked for.
    ///   - blobs: the bytes behind the JSON part.
    /// - Returns: rows in the model's order.
    /// - Throws: `invalidArgument` when names, shapes, datatypes and data do not fit each other or the model.
    func rows(_ model: LoadedModel, blobs: UnsafeBufferPointer<UInt8>) throws(MartletError) -> FeatureRows {
        var offset = 0
        var tensors: [(input: Input, shape: [Int], values: [Float])] = []
        for input in inputs {
            let (shape, values) = try Self.decode(input, blobs, &offset)
            tensors.append((input, shape, values))
        }
        try Self.requireEnd(offset, blobs.count)
        if contentType == "np", tensors.count > 1 { tensors.removeSubrange(1...) }
        let width = model.inputs.count
        if tensors.count == 1, let tensor = tensors.first, width != 1 || model.position[tensor.input.name] == nil {
            return try Self.matrix(tensor.shape, tensor.values, width)
        }
        var columns: [String: [Float]] = [:]
        for tensor in tensors {
            guard model.position[tensor.input.name] != nil else {
                throw JSONReader.unknownColumn(tensor.input.name, model)
            }
            let isColumn = tensor.shape.count == 1 || (tensor.shape.count == 2 && tensor.shape[1] == 1)
            guard isColumn else {
                throw MartletError(
                    .invalidArgument,
                    "The column '\(tensor.input.name)' has shape \(tensor.shape); expected [n] or [n, 1]."
                )
            }
            guard columns.updateValue(tensor.values, forKey: tensor.input.name) == nil else {
                throw MartletError(.invalidArgument, "The input '\(tensor.input.name.prefix(100))' is given twice.")
            }
        }
        return try ColumnAssembly.rows(columns, model)
    }

    private static func matrix(_ shape: [Int], _ values: [Float], _ width: Int) throws(MartletError) -> FeatureRows {
        switch shape.count {
        case 2 where shape[1] == width: break
        case 1 where shape[0] == width: return FeatureRows(values: values, count: 1)
        default:
            throw MartletError(.invalidArgument, "The input has shape \(shape); expected [n, \(width)].")
        }
        guard shape[0] <= ServingLimits.rowsPerRequest else { throw JSONReader.tooManyRows() }
        return FeatureRows(values: values, count: shape[0])
    }

    private static func decode(
        _ input: Input,
        _ blobs: UnsafeBufferPointer<UInt8>,
        _ offset: inout Int
    ) throws(MartletError) -> (shape: [Int], values: [Float]) {
        guard let shape = input.shape else {
            throw MartletError(.invalidArgument, "The input '\(input.name)' has no 'shape'.")
        }
        guard let type = input.datatype else {
            throw MartletError(.invalidArgument, "The input '\(input.name)' has no 'datatype'.")
        }
        guard type != .bytes else {
            throw MartletError(
                .invalidArgument,
                "The input '\(input.name)' has datatype BYTES; the model takes numbers."
            )
        }
        let count = try Tensor.elementCount(of: shape)
        guard count <= ServingLimits.valuesPerRequest else { throw JSONReader.tooManyValues() }
        if let size = input.binarySize {
            guard input.values == nil else {
                throw MartletError(.invalidArgument, "The input '\(input.name)' has both 'data' and binary data.")
            }
            return (shape, try decodeBlob(input.name, type, count, size, blobs, &offset))
        }
        guard let values = input.values else {
            throw MartletError(.invalidArgument, "The input '\(input.name)' has no 'data'.")
        }
        guard type != .float16, type != .brain16 else {
            throw MartletError(
                .invalidArgument,
                "\(type.rawValue) cannot be sent as JSON; use the binary tensor extension or FP32."
            )
        }
        guard values.count == count else {
            throw MartletError(
                .invalidArgument,
                "The input '\(input.name)' has shape \(shape), \(count) elements, but \(values.count) in 'data'."
            )
        }
        let isWhole = type != .float32 && type != .float64
        if isWhole, let position = values.firstIndex(where: { $0.rounded() != $0 }) {
            throw MartletError(
                .invalidArgument,
                "Element \(position) of the \(type.rawValue) input '\(input.name)' is not a whole number."
            )
        }
        return (shape, values)
    }

    private static func decodeBlob(
        _ name: String,
        _ type: DataType,
        _ count: Int,
        _ size: Int,
        _ blobs: UnsafeBufferPointer<UInt8>,
        _ offset: inout Int
    ) throws(MartletError) -> [Float] {
        let width = type.size ?? 1
        let (expected, overflow) = count.multipliedReportingOverflow(by: width)
        guard !overflow, size == expected else {
            throw MartletError(
                .invalidArgument,
                "The input '\(name)' has \(size) bytes of binary data; its shape and datatype ask for \(expected)."
            )
        }
        guard blobs.count - offset >= size else {
            throw MartletError(.invalidArgument, "The binary data of the input '\(name)' ends early.")
        }
        let blob = UnsafeBufferPointer(rebasing: blobs[offset..<offset + size])
        offset += size
        return BinaryTensor.decode(blob, type, count: count)
    }
}
