import Core

/// Reads the fields of a protobuf message in place, for the few messages of an ONNX file that hold trees.
struct ProtobufFields {
    /// One field; which of the values counts depends on its wire type.
    struct Field {
        let number: Int
        /// A number or truth value; the bits of one of fixed size.
        var scalar: UInt64 = 0
        /// Text, bytes, a message or packed numbers.
        var bytes: UnsafeBufferPointer<UInt8>?

        /// The bytes as text; empty for another wire type.
        var text: String { bytes.map { String(decoding: $0, as: UTF8.self) } ?? "" }

        /// The bits as a 32-bit float.
        var float: Float { Float(bitPattern: UInt32(truncatingIfNeeded: scalar)) }

        /// The number, signed.
        var integer: Int64 { Int64(bitPattern: scalar) }
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The next field; nil at the end.
    mutating func next() throws(MartletError) -> Field? {
        guard offset < bytes.count else { return nil }
        let key = try varint()
        guard let number = Int(exactly: key >> 3), number > 0 else { throw Self.damaged }
        switch key & 7 {
        case 0: return Field(number: number, scalar: try varint())
        case 1: return Field(number: number, scalar: try fixed(8))
        case 5: return Field(number: number, scalar: try fixed(4))
        case 2:
            guard let length = Int(exactly: try varint()), length <= bytes.count - offset else { throw Self.damaged }
            defer { offset += length }
            return Field(number: number, bytes: UnsafeBufferPointer(rebasing: bytes[offset..<offset + length]))
        default: throw Self.damaged
        }
    }

    /// The numbers of a packed field.
    static func integers(_ packed: UnsafeBufferPointer<UInt8>) throws(MartletError) -> [Int64] {
        var (reader, numbers): (ProtobufFields, [Int64]) = (ProtobufFields(packed), [])
        while reader.offset < packed.count { numbers.append(Int64(bitPattern: try reader.varint())) }
        return numbers
    }

    /// The 32-bit floats of a packed field.
    static func floats(_ packed: UnsafeBufferPointer<UInt8>) throws(MartletError) -> [Float] {
        var (reader, numbers): (ProtobufFields, [Float]) = (ProtobufFields(packed), [])
        numbers.reserveCapacity(packed.count / 4)
        while reader.offset < packed.count {
            numbers.append(Float(bitPattern: UInt32(truncatingIfNeeded: try reader.fixed(4))))
        }
        return numbers
    }

    private mutating func fixed(_ width: Int) throws(MartletError) -> UInt64 {
        guard width <= bytes.count - offset else { throw Self.damaged }
        var value: UInt64 = 0
        for place in 0..<width { value |= UInt64(bytes[offset + place]) << UInt64(8 * place) }
        offset += width
        return value
    }

    private mutating func varint() throws(MartletError) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard offset < bytes.count else { throw Self.damaged }
            let byte = bytes[offset]
            offset += 1
            result |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return result }
        }
        throw Self.damaged
    }

    private static let damaged = MartletError(
        .dataLoss,
        "The file is no ONNX model or is damaged; restore it or export the model again."
    )
}
