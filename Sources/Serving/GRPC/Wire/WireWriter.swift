import NIOCore

/// Appends the wire format of Protocol Buffers to a buffer, field by field and without making messages.
struct WireWriter {
    /// What has been written.
    private(set) var buffer: ByteBuffer

    /// Appends to `buffer`.
    init(_ buffer: ByteBuffer) {
        self.buffer = buffer
    }

    /// How many bytes a number takes.
    @inline(__always)
    static func size(_ value: UInt64) -> Int {
        max(1, (70 - value.leadingZeroBitCount) / 7)
    }

    /// How many bytes a field of `length` bytes takes, its key and length included; numbers of fields are below 16.
    @inline(__always)
    static func fieldSize(_ length: Int) -> Int {
        1 + size(UInt64(length)) + length
    }

    /// A number in groups of seven bits.
    @inline(__always)
    mutating func varint(_ value: UInt64) {
        var rest = value
        while rest >= 0x80 {
            buffer.writeInteger(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        buffer.writeInteger(UInt8(truncatingIfNeeded: rest))
    }

    /// The key and the length of a field of bytes, which the caller writes.
    @inline(__always)
    mutating func header(_ field: UInt8, length: Int) {
        buffer.writeInteger(field << 3 | 2)
        varint(UInt64(length))
    }

    /// A field of text; an empty one is left out.
    @inline(__always)
    mutating func text(_ field: UInt8, _ text: String) {
        guard !text.isEmpty else { return }
        header(field, length: text.utf8.count)
        buffer.writeString(text)
    }

    /// A field of bytes.
    @inline(__always)
    mutating func bytes(_ field: UInt8, _ bytes: [UInt8]) {
        header(field, length: bytes.count)
        buffer.writeBytes(bytes)
    }

    /// A field of a message that is already written.
    mutating func message(_ field: UInt8, _ message: ByteBuffer) {
        header(field, length: message.readableBytes)
        buffer.writeImmutableBuffer(message)
    }
}
