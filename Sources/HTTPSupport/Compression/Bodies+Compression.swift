package import Core
import HTTPTypes
package import Hummingbird
package import NIOCore

extension Request {
    /// The whole body, unpacked as `Content-Encoding` says, at most `limit` bytes before and after.
    ///
    /// - Throws: `payloadTooLarge`, `unsupportedMediaType` for a coding that is not known, `invalidArgument` for a body
    ///   that is not in it.
    package func readDecodedBody(limit: Int = HTTPLimits.bodyBytes) async throws(MartletError) -> ByteBuffer {
        guard let header = headers[.contentEncoding] else { return try await readBody(limit: limit) }
        let codings = try ContentCoding.applied(header)
        let buffer = try await readBody(limit: limit)
        guard !codings.isEmpty else { return buffer }
        return try await Self.decode(buffer, codings, limit: limit)
    }

    /// Unpacks off the caller's thread, which serves other connections too.
    @concurrent
    private static func decode(
        _ buffer: ByteBuffer,
        _ codings: [ContentCoding],
        limit: Int
    ) async throws(MartletError) -> ByteBuffer {
        var bytes = Array(buffer.readableBytesView)
        for coding in codings.reversed() { bytes = try coding.decode(bytes, limit: limit) }
        return ByteBuffer(bytes: bytes)
    }
}

extension Response {
    /// A response of `bytes`, compressed when the request's `Accept-Encoding` asks for it and it pays.
    package static func bytes(
        _ bytes: [UInt8],
        contentType: String,
        status: HTTPResponse.Status = .ok,
        acceptEncoding: String?
    ) async -> Response {
        guard bytes.count >= HTTPLimits.compressedBytes, let coding = ContentCoding.preferred(acceptEncoding),
            let packed = await encode(bytes, coding)
        else { return .bytes(bytes, contentType: contentType, status: status) }
        var response = Response.bytes(packed, contentType: contentType, status: status)
        response.headers[.contentEncoding] = coding.rawValue
        response.headers[.vary] = "Accept-Encoding"
        return response
    }

    /// Packs off the caller's thread, which serves other connections too.
    @concurrent
    private static func encode(_ bytes: [UInt8], _ coding: ContentCoding) async -> [UInt8]? {
        coding.encode(bytes)
    }
}
