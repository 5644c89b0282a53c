import Core

/// Reads the wire format of Protocol Buffers over borrowed bytes, field by field and without making messages.
///
/// It nests only as deep as its callers do: what they do not know is skipped without recursion.
struct WireReader {
    /// How a field's value is written.
    enum WireType: UInt8 {
        case varint = 0
        case fixed64 = 1
        case bytes = 2
        case startGroup = 3
        case endGroup = 4
        case fixed32 = 5
    }

    private let bytes: UnsafeRawBufferPointer
    private var offset = 0

    /// Reads `bytes`, which outlive the reader.
    init(_ bytes: UnsafeRawBufferPointer) {
        self.bytes = bytes
    }

    /// Whether everything has been read.
    var isAtEnd: Bool { offset == bytes.count }

    /// The next field's number and wire type; nil at the end.
    ///
    /// - Throws: `invalidArgument` for bytes that are no message.
    @inline(__always)
    mutating func next() throws(MartletError) -> (field: UInt64, type: WireType)? {
        guard offset < bytes.count else { return nil }
        let key = try varint()
        guard key >> 3 > 0, key <= UInt64(UInt32.max), let type = WireType(rawValue: UInt8(key & 7)) else {
            throw Self.broken
        }
        return (key >> 3, type)
    }

    /// A number in groups of seven bits.
    @inline(__always)
    mutating func varint() throws(MartletError) -> UInt64 {
        var value: UInt64 = 0
        var shift: UInt64 = 0
        while offset < bytes.count, shift < 64 {
            let byte = bytes[offset]
            offset += 1
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
            shift += 7
        }
        throw Self.broken
    }

    /// Four bytes.
    mutating func fixed32() throws(MartletError) -> UInt32 {
        guard bytes.count - offset >= 4 else { throw Self.broken }
        defer { offset += 4 }
        return UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
    }

    /// Eight bytes.
    mutating func fixed64() throws(MartletError) -> UInt64 {
        guard bytes.count - offset >= 8 else { throw Self.broken }
        defer { offset += 8 }
        return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    /// Bytes with their length before them: a message, a text, bytes or packed numbers.
    @inline(__always)
    mutating func slice() throws(MartletError) -> UnsafeRawBufferPointer {
        let length = try varint()
        guard let length = Int(exactly: length), length <= bytes.count - offset else { throw Self.broken }
        defer { offset += length }
        return UnsafeRawBufferPointer(rebasing: bytes[offset..<offset + length])
    }

    /// A text in UTF-8.
    @inline(__always)
    mutating func text() throws(MartletError) -> String {
        guard let text = String(validating: try slice(), as: UTF8.self) else {
            throw MartletError(.invalidArgument, "A text in the message is not valid UTF-8.")
        }
        return text
    }

    /// Reads over a value that nobody asked for.
    mutating func skip(_ type: WireType) throws(MartletError) {
        switch type {
        case .varint: _ = try varint()
        case .fixed64: _ = try fixed64()
        case .fixed32: _ = try fixed32()
        case .bytes: _ = try slice()
        // No message of these protocols has groups, which are the only way to nest what is not known.
        case .startGroup, .endGroup: throw Self.broken
        }
    }

    /// Reads a field as text, or throws when it has another wire type.
    mutating func text(_ type: WireType) throws(MartletError) -> String {
        guard type == .bytes else { throw Self.broken }
        return try text()
    }

    /// Reads a field as bytes, or throws when it has another wire type.
    mutating func slice(_ type: WireType) throws(MartletError) -> UnsafeRawBufferPointer {
        guard type == .bytes else { throw Self.broken }
        return try slice()
    }

    /// The error for bytes that are no message.
    static var broken: MartletError {
        MartletError(.invalidArgument, "The request is not a message of this method: its bytes cannot be decoded.")
    }
}
