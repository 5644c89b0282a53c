import CZlib

/// Decompresses bodies with zlib, into a limit.
package enum Inflater {
    /// Why nothing comes out.
    package enum Failure: Error {
        /// The bytes are not in the format.
        case malformed
        /// More comes out than is allowed.
        case tooLarge
    }

    /// zlib's number for the largest window, and what is added to it to ask for a wrapping.
    private enum Wrapping: Int32 {
        case zlib = 15
        case gzip = 31
        case none = -15
    }

    /// Bytes that are made room for at a time.
    private static let step = 64 * 1024

    /// The content of gzip members.
    package static func gunzip(_ input: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        var content: [UInt8] = []
        var rest = input[...]
        repeat {
            let member = try inflate(rest, .gzip, limit: limit - content.count)
            content += member.output
            rest = rest.dropFirst(member.consumed)
        } while !rest.isEmpty
        return content
    }

    /// The content of a zlib stream, or of bare DEFLATE, which some clients send under the same name.
    package static func deflated(_ input: [UInt8], limit: Int) throws(Failure) -> [UInt8] {
        do {
            let stream = try inflate(input[...], .zlib, limit: limit)
            if stream.consumed == input.count { return stream.output }
        } catch .tooLarge {
            throw .tooLarge
        } catch {
            // It may still be bare.
        }
        let stream = try inflate(input[...], .none, limit: limit)
        guard stream.consumed == input.count else { throw .malformed }
        return stream.output
    }

    private static func inflate(
        _ input: ArraySlice<UInt8>,
        _ wrapping: Wrapping,
        limit: Int
    ) throws(Failure) -> (output: [UInt8], consumed: Int) {
        var stream = z_stream()
        guard
            inflateInit2_(&stream, wrapping.rawValue, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK,
            let size = UInt32(exactly: input.count)
        else { throw .malformed }
        defer { inflateEnd(&stream) }
        var output: [UInt8] = []
        // zlib's interface takes a pointer to bytes that it does not change.
        var source = Array(input)
        let status = source.withUnsafeMutableBufferPointer { source in
            stream.next_in = source.baseAddress
            stream.avail_in = size
            var status = Z_OK
            while status == Z_OK, output.count <= limit {
                let room = min(step, limit + 1 - output.count)
                let chunk = [UInt8](unsafeUninitializedCapacity: room) { target, count in
                    stream.next_out = target.baseAddress
                    stream.avail_out = UInt32(room)
                    status = CZlib.inflate(&stream, Z_NO_FLUSH)
                    count = room - Int(stream.avail_out)
                }
                output += chunk
            }
            return status
        }
        guard output.count <= limit else { throw .tooLarge }
        guard status == Z_STREAM_END else { throw .malformed }
        return (output, input.count - Int(stream.avail_in))
    }
}
