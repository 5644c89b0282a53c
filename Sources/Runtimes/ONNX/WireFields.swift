import Core

/// Reads the fields of a protobuf message one after the other, without copying what is not looked at.
struct WireFields {
    /// What a field holds.
    enum Value {
        /// A number or truth value.
        case number(UInt64)
        /// Text, bytes, a message or packed numbers, by their place.
        case bytes(Range<Int>)
        /// 32 or 64 bits that are not looked at.
        case fixed
    }

    private let bytes: [UInt8]
    private var position: Int
    private let end: Int

    /// The fields of the message that `range` of `bytes` holds.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next field's number and value; nil at the end.
    ///
    /// - Throws: `dataLoss` where the bytes are no message.
    mutating func next() throws(MartletError) -> (number: Int, value: Value)? {
        guard position < end else { return nil }
        let key = try varint()
        guard let number = Int(exactly: key >> 3), number > 0 else { throw Self.damaged }
        switch key & 7 {
        case 0: return (number, .number(try varint()))
        case 1: return (number, try skip(8))
        case 5: return (number, try skip(4))
        case 2:
            guard let length = Int(exactly: try varint()), length <= end - position else { throw Self.damaged }
            defer { position += length }
            return (number, .bytes(position..<position + length))
        default: throw Self.damaged
        }
    }

    /// The numbers of a packed field.
    mutating func packed() throws(MartletError) -> [UInt64] {
        var numbers: [UInt64] = []
        while position < end { numbers.append(try varint()) }
        return numbers
    }

    private mutating func skip(_ count: Int) throws(MartletError) -> Value {
        guard count <= end - position else { throw Self.damaged }
        position += count
        return .fixed
    }

    private mutating func varint() throws(MartletError) -> UInt64 {
        var result: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { throw Self.damaged }
            let byte = bytes[position]
            position += 1
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
