import Core

/// The bytes of a V2 tensor outside of JSON.
///
/// Little-endian, row-major, no padding; an element of `BYTES` has its length in four bytes before it. The same in REST's binary extension and in gRPC's raw contents.
enum V2Blob {
    /// Reads a tensor.
    ///
    /// - Throws: `invalidArgument` naming the expected and received number of bytes.
    static func tensor(
        _ name: String,
        _ type: DataType,
        shape: [Int],
        _ bytes: some Collection<UInt8>
    ) throws(MartletError) -> Tensor {
        let count = try Tensor.elementCount(of: shape)
        guard let size = type.size else {
            return try Tensor(shape: shape, texts: try texts(name, count, Array(bytes)))
        }
        let (expected, overflow) = count.multipliedReportingOverflow(by: size)
        guard !overflow, bytes.count == expected else {
            throw MartletError(
                .invalidArgument,
                "The input '\(name)' has \(bytes.count) bytes of binary data; its shape \(shape) and datatype "
                    + "\(type.rawValue) ask for \(overflow ? "too many" : "\(expected)")."
            )
        }
        return try Tensor(type, shape: shape, packed: Array(bytes))
    }

    private static func texts(_ name: String, _ count: Int, _ bytes: [UInt8]) throws(MartletError) -> [[UInt8]] {
        var texts: [[UInt8]] = []
        var offset = 0
        while offset < bytes.count {
            guard bytes.count - offset >= 4 else { throw broken(name) }
            let length = (0..<4).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
            offset += 4
            guard bytes.count - offset >= length else { throw broken(name) }
            guard texts.count < count else { break }
            texts.append(Array(bytes[offset..<offset + length]))
            offset += length
        }
        guard texts.count == count, offset == bytes.count else {
            throw MartletError(
                .invalidArgument,
                "The BYTES input '\(name)' has another number of elements than its shape, which asks for \(count)."
            )
        }
        return texts
    }

    private static func broken(_ name: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "The BYTES input '\(name)' ends within an element; each has its length in four little-endian bytes before it."
        )
    }

    /// Writes a tensor's elements.
    static func bytes(_ tensor: Tensor) -> [UInt8] {
        guard tensor.dataType == .bytes else { return tensor.packed }
        var bytes: [UInt8] = []
        for text in tensor.texts {
            let length = UInt32(clamping: text.count)
            for byte in 0..<4 { bytes.append(UInt8(truncatingIfNeeded: length >> UInt32(byte * 8))) }
            bytes.append(contentsOf: text)
        }
        return bytes
    }
}
