import Artifacts
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore
import Tracking

/// Sends SVG and PNG artifacts of a run as pictures that cannot act; every other file is a download of the tracking API.
struct RunPictures: Sendable {
    let tracking: TrackingStore

    func register(in routes: RouteTable) {
        let tracking = tracking
        routes.get("/runs/{id}/picture", permission: .read, errors: .page) { request, context in
            guard let name = try ConsoleQuery(request)["path"] else {
                throw MartletError(.invalidArgument, "'path' must name a picture among the run's artifacts.")
            }
            guard let type = Self.mediaType(of: name) else {
                throw MartletError(.unsupportedMediaType, "Only .svg and .png artifacts are shown as pictures.")
            }
            let root = try await tracking.artifactRoot(runID: context.parameters.require("id"))
            let path = try root.appending(name)
            let bytes = try await tracking.artifacts.readAll(path, limit: ConsoleLimits.pictureBytes)
            let etag = "\"\(ContentHash.text(of: bytes))\""
            var headers = HTTPFields()
            headers[.contentSecurityPolicy] = ConsoleHeaders.picturePolicy
            headers[.xContentTypeOptions] = "nosniff"
            headers[.cacheControl] = "no-cache, private"
            headers[.eTag] = etag
            guard request.headers[.ifNoneMatch] != etag else {
                return Response(status: .notModified, headers: headers)
            }
            headers[.contentType] = type
            headers[.contentLength] = String(bytes.count)
            return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
        }
    }

    /// The media type of the two formats that browsers draw and that cannot hold a page.
    static func mediaType(of name: String) -> String? {
        let lower = name.lowercased()
        if lower.hasSuffix(".svg") { return "image/svg+xml" }
        return lower.hasSuffix(".png") ? "image/png" : nil
    }
}
