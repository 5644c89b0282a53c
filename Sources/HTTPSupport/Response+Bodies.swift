package import Core
package import HTTPTypes
package import Hummingbird
import NIOCore

extension HTTPField.Name {
    /// `X-Request-Id`.
    package static let requestID = HTTPField.Name("X-Request-Id") ?? .eTag
}

extension Response {
    /// JSON with its length set, so that head and body leave together.
    package static func json(_ value: JSONValue, status: HTTPResponse.Status = .ok) -> Response {
        bytes(value.serialized(), contentType: "application/json", status: status)
    }

    /// Plain text.
    package static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        bytes(Array(text.utf8), contentType: "text/plain; charset=utf-8", status: status)
    }

    /// A page.
    package static func html(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        bytes(Array(text.utf8), contentType: "text/html; charset=utf-8", status: status)
    }

    /// Bytes of any type; `nosniff` is always set.
    package static func bytes(
        _ bytes: [UInt8],
        contentType: String,
        status: HTTPResponse.Status = .ok
    ) -> Response {
        var headers = HTTPFields()
        headers.reserveCapacity(4)
        headers[.contentType] = contentType
        headers[.contentLength] = String(bytes.count)
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }
}
