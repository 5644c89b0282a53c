import Artifacts
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// Answers a download: the whole file or a range of it, streamed, never to be run by a browser.
enum ArtifactResponse {
    /// The response that carries `path`, or the range of it that the request asks for.
    ///
    /// `HEAD` has the same headers and no body; a condition that holds (RFC 9110, section 13) answers 304.
    static func download(_ path: ArtifactPath, from store: any ArtifactStore, _ request: Request) async throws
        -> Response
    {
        let conditions = Conditions(request.headers)
        if request.method == .head || conditions.needStatus {
            let status = try await store.status(path)
            if conditions.isUnchanged(status) {
                return Response(status: .notModified, headers: validators(status))
            }
            if request.method == .head { return head(path, status) }
            return answer(path, try await store.read(path, range: conditions.range(for: status)))
        }
        return answer(path, try await store.read(path, range: conditions.range))
    }

    private static func head(_ path: ArtifactPath, _ status: ArtifactStatus) -> Response {
        var headers = headers(path, status)
        headers[.contentLength] = String(status.size)
        // A body that knows its length and is never written: the answer to HEAD has none.
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody(contentLength: Int(clamping: status.size)) { writer in try await writer.finish(nil) }
        )
    }

    private static func answer(_ path: ArtifactPath, _ body: ArtifactBody) -> Response {
        var headers = headers(path, body.status)
        guard let range = body.range else {
            headers[.contentRange] = "bytes */\(body.size)"
            return Response(status: .rangeNotSatisfiable, headers: headers)
        }
        let isWhole = !body.isPartial
        if !isWhole { headers[.contentRange] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(body.size)" }
        headers[.contentLength] = String(range.count)
        let chunks = body.chunks
        return Response(
            status: isWhole ? .ok : .partialContent,
            headers: headers,
            body: ResponseBody(contentLength: range.count) { writer in
                for try await chunk in chunks { try await writer.write(ByteBuffer(bytes: chunk)) }
                try await writer.finish(nil)
            }
        )
    }

    private static func headers(_ path: ArtifactPath, _ status: ArtifactStatus) -> HTTPFields {
        var headers = validators(status)
        headers[.contentType] = ArtifactMediaType.of(path.name)
        headers[.contentDisposition] = disposition(path.name)
        headers[.xContentTypeOptions] = "nosniff"
        // An HTML or SVG artifact comes from whoever may log: it must not act as this site.
        headers[.contentSecurityPolicy] = "sandbox; default-src 'none'"
        headers[.acceptRanges] = "bytes"
        return headers
    }

    private static func validators(_ status: ArtifactStatus) -> HTTPFields {
        var headers = HTTPFields()
        headers[.eTag] = "\"\(status.tag)\""
        headers[.lastModified] = HTTPDate.text(status.modified)
        return headers
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
