import Core
import HTTPSupport
import NIOCore

/// Takes messages out of a call's bytes: before each stand a flag, whether it is compressed, and its length.
struct GRPCFraming {
    private var buffer = ByteBuffer()
    private let coding: ContentCoding?
    private let limit: Int
    /// Bytes of the message that is being received, once its length is known.
    private(set) var expected = 0

    /// Bytes of the flag and the length.
    static let prefix = 5

    /// Reads messages of at most `limit` bytes.
    init(coding: ContentCoding?, limit: Int) {
        self.coding = coding
        self.limit = limit
    }

    /// Whether no message has begun.
    var isEmpty: Bool { buffer.readableBytes == 0 }

    /// Takes bytes in.
    @inline(__always)
    mutating func append(_ bytes: consuming ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            if expected > buffer.readableBytes {
                buffer.reserveCapacity(minimumWritableBytes: expected - buffer.readableBytes)
            }
            if buffer.readerIndex > buffer.readableBytes { buffer.discardReadBytes() }
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next whole message; nil until it has come.
    ///
    /// - Throws: `resourceExhausted` for a message above the limit, before its bytes have come; `unimplemented` for a
    ///   compressed one where no encoding was named.
    mutating func next() throws(GRPCStatus) -> ByteBuffer? {
        let start = buffer.readerIndex
        guard let flag: UInt8 = buffer.getInteger(at: start), let length: UInt32 = buffer.getInteger(at: start + 1)
        else {
            return nil
        }
        guard let length = Int(exactly: length), length <= limit else {
            throw GRPCStatus(
                .resourceExhausted,
                "The message has \(length) bytes; at most \(limit) are accepted (--grpc-message-limit)."
            )
        }
        guard flag == 0 || (flag == 1 && coding != nil) else {
            throw flag == 1
                ? GRPCStatus(.unimplemented, "The message is compressed, but grpc-encoding does not say how.")
                : GRPCStatus(.internal, "The message begins with flag \(flag); it must be 0 or 1.")
        }
        expected = Self.prefix + length
        guard buffer.readableBytes >= expected else { return nil }
        buffer.moveReaderIndex(forwardBy: Self.prefix)
        guard let message = buffer.readSlice(length: length) else { return nil }
        expected = 0
        guard flag == 1, let coding else { return message }
        do {
            return ByteBuffer(bytes: try coding.decode(Array(message.readableBytesView), limit: limit))
        } catch {
            throw error.code == .payloadTooLarge
                ? GRPCStatus(.resourceExhausted, "The message has more than \(limit) bytes once unpacked.")
                : GRPCStatus(.invalidArgument, "The message is not \(coding.rawValue), as grpc-encoding says.")
        }
    }

    /// Room for an answer: the flag and the length, which `seal` fills in, are already there.
    static func answer(capacity: Int = 256) -> ByteBuffer {
        var buffer = ByteBuffer()
        buffer.reserveCapacity(capacity)
        buffer.writeRepeatingByte(0, count: prefix)
        return buffer
    }

    /// Writes the length of an answer into its place.
    static func seal(_ buffer: inout ByteBuffer) {
        let length = UInt32(clamping: buffer.readableBytes - prefix)
        buffer.setInteger(length, at: buffer.readerIndex + 1)
    }
}
