import Artifacts
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers a download: the whole file or a range of it, streamed, never to be run by a browser.
enum ArtifactResponse {
    /// The response that carries `path`, or the range of it that the request asks for.
    static func download(_ path: ArtifactPath, from store: DiskArtifactStore, _ request: Request) async throws
        -> Response
    {
        let body = try await store.read(path)
        var headers = HTTPFields()
        headers[.contentType] = ArtifactMediaType.of(path.name)
        headers[.contentDisposition] = disposition(path.name)
        headers[.xContentTypeOptions] = "nosniff"
        // An HTML or SVG artifact comes from whoever may log: it must not act as this site.
        headers[.contentSecurityPolicy] = "sandbox; default-src 'none'"
        headers[.acceptRanges] = "bytes"
        headers[.eTag] = "\"\(body.size)-\(body.modified.milliseconds)\""
        var range = 0..<body.size
        var status = HTTPResponse.Status.ok
        if let header = request.headers[.range], let asked = ByteRange(header) {
            guard let part = asked.resolved(in: body.size) else {
                headers[.contentRange] = "bytes */\(body.size)"
                return Response(status: .rangeNotSatisfiable, headers: headers)
            }
            range = part
            status = .partialContent
            headers[.contentRange] = "bytes \(part.lowerBound)-\(part.upperBound - 1)/\(body.size)"
        }
        headers[.contentLength] = String(range.count)
        let chunks = body.chunks(in: range)
        return Response(
            status: status,
            headers: headers,
            body: ResponseBody(contentLength: range.count) { writer in
                for try await chunk in chunks { try await writer.write(ByteBuffer(bytes: chunk)) }
                try await writer.finish(nil)
            }
        )
    }

    /// `attachment` with the file's name, in both forms if it is not plain ASCII (RFC 6266, RFC 8187).
    static func disposition(_ name: String) -> String {
        let plain = String(name.map { $0.isASCII && $0 != "\"" ? $0 : "_" })
        guard plain != name else { return "attachment; filename=\"\(name)\"" }
        let allowed = Set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_~".utf8)
        let encoded = name.utf8.map { byte -> String in
            guard !allowed.contains(byte) else { return String(UnicodeScalar(byte)) }
            let hex = String(byte, radix: 16, uppercase: true)
            return "%" + (hex.count == 1 ? "0" + hex : hex)
        }
        return "attachment; filename=\"\(plain)\"; filename*=UTF-8''\(encoded.joined())"
    }
}

/// The range of bytes that a request asks for (RFC 9110, section 14.1.2).
struct ByteRange: Equatable {
    private let first: Int64?
    private let last: Int64?

    /// Reads a `Range` header; nil for several ranges or another unit, which a server may ignore.
    init?(_ header: String) {
        guard header.hasPrefix("bytes=") else { return nil }
        let sides = header.dropFirst("bytes=".count).split(separator: "-", omittingEmptySubsequences: false)
        guard sides.count == 2, sides.allSatisfy({ $0.utf8.allSatisfy { (48...57).contains($0) } }) else { return nil }
        guard !sides[0].isEmpty || !sides[1].isEmpty else { return nil }
        // A number too large for 64 bits lies past every file, as the largest one does.
        first = sides[0].isEmpty ? nil : Int64(sides[0]) ?? .max
        last = sides[1].isEmpty ? nil : Int64(sides[1]) ?? .max
    }

    /// The bytes meant in a file of `size` bytes, or nil if there are none.
    func resolved(in size: Int64) -> Range<Int64>? {
        guard let first else {
            let count = Swift.min(last ?? 0, size)
            return count > 0 ? (size - count)..<size : nil
        }
        let end = last.map { $0 == .max ? size : Swift.min($0 + 1, size) } ?? size
        return first < end ? first..<end : nil
    }
}
