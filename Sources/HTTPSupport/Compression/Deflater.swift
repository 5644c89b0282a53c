import CZlib

/// Compresses bodies with zlib.
package enum Deflater {
    /// What is put around the compressed bytes; the number is zlib's.
    package enum Wrapping: Int32, Sendable {
        /// A zlib stream, which HTTP calls `deflate` (RFC 9110, section 8.4.1.2).
        case zlib = 15
        /// A gzip member.
        case gzip = 31
    }

    /// The bytes, compressed at zlib's fastest level; nil when there are too many for zlib.
    package static func compress(_ input: [UInt8], _ wrapping: Wrapping) -> [UInt8]? {
        var stream = z_stream()
        let isReady = deflateInit2_(
            &stream,
            Z_BEST_SPEED,
            Z_DEFLATED,
            wrapping.rawValue,
            8,
            Z_DEFAULT_STRATEGY,
            ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size)
        )
        guard isReady == Z_OK, let size = UInt32(exactly: input.count) else { return nil }
        defer { deflateEnd(&stream) }
        let bound = deflateBound(&stream, UInt(size))
        guard let room = UInt32(exactly: bound) else { return nil }
        // zlib's interface takes a pointer to bytes that it does not change.
        var source = input
        return source.withUnsafeMutableBufferPointer { source in
            var status = Z_OK
            let output = [UInt8](unsafeUninitializedCapacity: Int(room)) { target, count in
                stream.next_in = source.baseAddress
                stream.avail_in = size
                stream.next_out = target.baseAddress
                stream.avail_out = room
                status = deflate(&stream, Z_FINISH)
                count = Int(room - stream.avail_out)
            }
            return status == Z_STREAM_END ? output : nil
        }
    }
}
