import Core

extension V2Request {
    /// The inputs as tensors in their datatypes; `base64` texts are decoded.
    ///
    /// - Parameters:
    ///   - json: the JSON part, which was read without its numbers.
    ///   - blobs: the bytes behind it.
    /// - Returns: the tensors in the request's order.
    /// - Throws: `invalidArgument` when shapes, datatypes and data do not fit each other.
    func tensors(
        _ json: UnsafeBufferPointer<UInt8>,
        blobs: UnsafeBufferPointer<UInt8>
    ) throws(MartletError) -> [NamedTensor] {
        var offset = 0
        var tensors: [NamedTensor] = []
        for input in inputs {
            let tensor = try Self.tensor(input, json, blobs, &offset)
            tensors.append(NamedTensor(input.name, input.contentType == "base64" ? try Self.decoded(tensor) : tensor))
        }
        try Self.requireEnd(offset, blobs.count)
        return tensors
    }

    /// Throws unless the inputs took all bytes behind the JSON part.
    static func requireEnd(_ offset: Int, _ count: Int) throws(MartletError) {
        guard offset == count else {
            throw MartletError(
                .invalidArgument,
                "\(count) bytes follow the JSON part, but the inputs' 'binary_data_size' add up to \(offset)."
            )
        }
    }

    private static func tensor(
        _ input: Input,
        _ json: UnsafeBufferPointer<UInt8>,
        _ blobs: UnsafeBufferPointer<UInt8>,
        _ offset: inout Int
    ) throws(MartletError) -> Tensor {
        guard let shape = input.shape else {
            throw MartletError(.invalidArgument, "The input '\(input.name)' has no 'shape'.")
        }
        guard let type = input.datatype else {
            throw MartletError(.invalidArgument, "The input '\(input.name)' has no 'datatype'.")
        }
        if let size = input.binarySize {
            guard input.dataAt == nil else {
                throw MartletError(.invalidArgument, "The input '\(input.name)' has both 'data' and binary data.")
            }
            guard blobs.count - offset >= size else {
                throw MartletError(.invalidArgument, "The binary data of the input '\(input.name)' ends early.")
            }
            let blob = UnsafeBufferPointer(rebasing: blobs[offset..<offset + size])
            offset += size
            return try V2Blob.tensor(input.name, type, shape: shape, blob)
        }
        guard let dataAt = input.dataAt else {
            throw MartletError(.invalidArgument, "The input '\(input.name)' has no 'data'.")
        }
        var reader = JSONReader(UnsafeBufferPointer(rebasing: json[dataAt...]))
        return try TensorJSON.tensor(named: input.name, type, shape: shape, &reader)
    }

    /// Texts that are base64 as the bytes they stand for; what is not base64 stands for itself, as MLServer reads it.
    private static func decoded(_ tensor: Tensor) throws(MartletError) -> Tensor {
        guard case .texts(let texts) = tensor.storage else { return tensor }
        return try Tensor(shape: tensor.shape, texts: texts.map { Base64Text.decode($0) ?? $0 })
    }

    /// A body that is nothing but the data of the model's one input ("raw binary request").
    ///
    /// - Throws: `invalidArgument` when the model has several inputs or more than one extent is open.
    static func raw(_ bytes: UnsafeBufferPointer<UInt8>, _ specs: [TensorSpec]) throws(MartletError) -> NamedTensor {
        guard specs.count == 1, let spec = specs.first, spec.shape.count(where: { $0 < 0 }) <= 1 else {
            throw MartletError(
                .invalidArgument,
                "A raw body needs a model with one input and at most one open extent; describe the inputs in JSON."
            )
        }
        guard let size = spec.dataType.size else {
            return NamedTensor(spec.name, try Tensor(shape: spec.shape.map { max(1, $0) }, texts: [Array(bytes)]))
        }
        let known = try Tensor.elementCount(of: spec.shape.map { max(1, $0) })
        let (entry, overflow) = known.multipliedReportingOverflow(by: size)
        guard !overflow, entry > 0, bytes.count.isMultiple(of: entry) else {
            throw MartletError(
                .invalidArgument,
                "A raw body must hold a multiple of \(known) \(spec.dataType.rawValue) elements, not \(bytes.count) bytes."
            )
        }
        let shape = spec.shape.map { $0 < 0 ? bytes.count / entry : $0 }
        return NamedTensor(spec.name, try V2Blob.tensor(spec.name, spec.dataType, shape: shape, bytes))
    }
}
