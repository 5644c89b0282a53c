import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// The bytes of an upload as the store takes them; a body that ends before its announced length is an error.
///
/// Without the check a connection cut in the middle would look like the end of a shorter file.
struct ArtifactUpload: AsyncSequence, Sendable {
    typealias Element = [UInt8]

    let body: RequestBody
    let length: Int64?

    init(_ request: Request) throws(MartletError) {
        body = request.body
        guard let header = request.headers[.contentLength] else {
            length = nil
            return
        }
        guard let length = Int64(header), length >= 0 else {
            throw MartletError(.invalidArgument, "Invalid Content-Length '\(header.prefix(40))'.")
        }
        self.length = length
    }

    func makeAsyncIterator() -> Iterator {
        Iterator(body: body.makeAsyncIterator(), length: length)
    }

    struct Iterator: AsyncIteratorProtocol {
        var body: RequestBody.AsyncIterator
        let length: Int64?
        var received: Int64 = 0

        init(body: RequestBody.AsyncIterator, length: Int64?) {
            self.body = body
            self.length = length
        }

        @concurrent mutating func next() async throws -> [UInt8]? {
            let buffer: ByteBuffer?
            do {
                buffer = try await body.next()
            } catch {
                throw MartletError(.cancelled, "The upload ended early: send the file again.", cause: error)
            }
            if let buffer {
                received += Int64(buffer.readableBytes)
                return Array(buffer.readableBytesView)
            }
            if let length, length != received {
                throw MartletError(
                    .cancelled,
                    "The upload ended after \(received) of \(length) bytes: send the file again."
                )
            }
            return nil
        }
    }

    /// The SHA-256 that the request announces in `Content-Digest` (RFC 9530), as hexadecimal digits; nil for none.
    static func announcedSHA256(_ request: Request) throws(MartletError) -> String? {
        guard let name = HTTPField.Name("Content-Digest"), let header = request.headers[name] else { return nil }
        let members = header.split(separator: ",").map { $0.drop { $0 == " " } }
        guard let member = members.first(where: { $0.hasPrefix("sha-256=:") && $0.hasSuffix(":") }) else { return nil }
        let text = member.dropFirst("sha-256=:".count).dropLast()
        guard let bytes = base64(text), bytes.count == 32 else {
            throw MartletError(.invalidArgument, "Content-Digest does not hold a SHA-256 in base64.")
        }
        return bytes.map { byte in
            let hex = String(byte, radix: 16)
            return hex.count == 1 ? "0" + hex : hex
        }.joined()
    }

    private static func base64(_ text: Substring) -> [UInt8]? {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
        var bytes: [UInt8] = []
        var buffer: UInt32 = 0
        var bits: UInt32 = 0
        for character in text.utf8 where character != UInt8(ascii: "=") {
            guard let digit = alphabet.firstIndex(of: character) else { return nil }
            buffer = (buffer << 6 | UInt32(digit)) & 0xFFFF
            bits += 6
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(truncatingIfNeeded: buffer >> bits))
            }
        }
        return bytes
    }
}
