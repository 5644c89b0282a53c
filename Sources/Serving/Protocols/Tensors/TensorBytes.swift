import Core

/// Tensors as bytes: the binary tensor extension and gRPC's raw contents write them alike.
///
/// Numbers are little-endian, row-major, without padding; each element of `BYTES` follows its 32-bit length.
enum TensorBytes {
    /// Reads one tensor from exactly its bytes.
    ///
    /// - Parameter name: the tensor's name, for messages.
    /// - Throws: `invalidArgument` when shape, datatype and bytes do not fit each other.
    static func tensor(
        named name: String,
        _ type: DataType,
        shape: [Int],
        _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(MartletError) -> Tensor {
        let count = try Tensor.elementCount(of: shape)
        guard let size = type.size else { return try texts(named: name, shape: shape, count: count, bytes) }
        let (expected, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow, bytes.count == expected else {
            throw MartletError(
                .invalidArgument,
                "The input '\(name)' has \(bytes.count) bytes of binary data; its shape and datatype ask for \(expected)."
            )
        }
        if type == .bool, let position = bytes.firstIndex(where: { $0 > 1 }) {
            throw MartletError(.invalidArgument, "Element \(position) of the BOOL input '\(name)' is neither 0 nor 1.")
        }
        return try Tensor(type, shape: shape, packed: Array(bytes))
    }

    private static func texts(
        named name: String,
        shape: [Int],
        count: Int,
        _ bytes: UnsafeBufferPointer<UInt8>
    ) throws(MartletError) -> Tensor {
        var texts: [[UInt8]] = []
        // An element takes four bytes at least, so what is reserved is bounded by what was sent.
        texts.reserveCapacity(min(count, bytes.count / 4))
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= 4 else { throw endsEarly(name) }
            let length = Int(
                UInt32(littleEndian: UnsafeRawBufferPointer(bytes).loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            )
            offset += 4
            guard bytes.count - offset >= length else { throw endsEarly(name) }
            texts.append(Array(bytes[offset..<offset + length]))
            offset += length
        }
        guard texts.count == count else {
            throw MartletError(
                .invalidArgument,
                "The input '\(name)' has shape \(shape), \(count) elements, but \(texts.count) in its binary data."
            )
        }
        return try Tensor(shape: shape, texts: texts)
    }

    private static func endsEarly(_ name: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "The binary data of the BYTES input '\(name)' ends within an element; each follows its 32-bit length."
        )
    }

    /// Appends a tensor's elements.
    static func append(_ tensor: Tensor, to bytes: inout [UInt8]) {
        switch tensor.storage {
        case .packed(let packed): bytes.append(contentsOf: packed)
        case .texts(let texts):
            for text in texts {
                withUnsafeBytes(of: UInt32(clamping: text.count).littleEndian) { bytes.append(contentsOf: $0) }
                bytes.append(contentsOf: text)
            }
        }
    }
}
