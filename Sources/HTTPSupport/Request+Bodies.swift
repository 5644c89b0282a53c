package import Core
package import Hummingbird
package import NIOCore

extension Request {
    /// The whole body, at most `limit` bytes.
    ///
    /// - Throws: `payloadTooLarge`, before reading when `Content-Length` says so.
    package func readBody(limit: Int = HTTPLimits.bodyBytes) async throws(MartletError) -> ByteBuffer {
        let tooLarge = MartletError(.payloadTooLarge, "The request body is larger than \(limit) bytes.")
        if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw tooLarge }
        do {
            return try await body.collect(upTo: limit)
        } catch is NIOTooManyBytesError {
            throw tooLarge
        } catch {
            throw MartletError(.cancelled, "The request body ended early.", cause: error)
        }
    }

    /// The body as JSON; the media type must be JSON, so that a page of another origin cannot send it as a form.
    ///
    /// - Throws: `unsupportedMediaType`, `payloadTooLarge` or `invalidArgument`.
    package func readJSON(
        limit: Int = HTTPLimits.bodyBytes,
        limits: JSONLimits = .standard,
        requireContentType: Bool = true
    ) async throws(MartletError) -> JSONValue {
        if requireContentType, !hasJSONBody {
            throw MartletError(
                .unsupportedMediaType,
                "The request body must be sent as Content-Type: application/json."
            )
        }
        let buffer = try await readBody(limit: limit)
        return try JSONValue.parse(buffer.readableBytesView, limits: limits)
    }

    /// Whether `Content-Type` names JSON, with or without parameters.
    package var hasJSONBody: Bool {
        guard let type = headers[.contentType] else { return false }
        let media = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
        return media == "application/json" || media.hasSuffix("+json")
    }
}
