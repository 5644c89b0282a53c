import Artifacts
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import NIOCore

/// What MLflow's web pages fetch of a trace: its spans as a file, or an attachment of a span.
struct TraceFileRoutes {
    let store: TraceStore

    func register(in routes: RouteTable) {
        let store = store
        for version in ["2.0", "3.0"] {
            let path = "/ajax-api/\(version)/mlflow/get-trace-artifact"
            routes.get(path, permission: .read, errors: .mlflow) { request, _ in
                let query = try request.decodedQuery()
                guard let id = query.last(where: { $0.name == "request_id" })?.value, !id.isEmpty else {
                    throw MartletError(.invalidArgument, "Request must include the \"request_id\" query parameter.")
                }
                if let file = query.last(where: { $0.name == "path" })?.value, !file.isEmpty {
                    return try await Self.attachment(store, id, file)
                }
                return try await Self.spans(store, id)
            }
        }
    }

    private static func spans(_ store: TraceStore, _ id: String) async throws -> Response {
        let trace = try await store.trace(id, allowsPartial: true)
        if trace.spans.isEmpty, trace.info.tag(TraceKeys.spansLocation) != TraceKeys.spansInStore {
            throw MartletError(.notFound, "No such artifact: 'traces.json'")
        }
        let file = AttributeText.json(["spans": .array(trace.spans.map { .object($0.content) })])
        var response = Response.bytes(Array(file.utf8), contentType: "application/octet-stream")
        response.headers[.contentDisposition] = "attachment; filename=traces.json"
        return response
    }

    private static func attachment(_ store: TraceStore, _ id: String, _ file: String) async throws -> Response {
        let info = try await store.info(id)
        guard !file.contains("/"), !file.contains("\\"),
            let path = try store.artifactPath(of: info, "attachments/\(file)")
        else { throw MartletError(.invalidArgument, "Invalid path") }
        let body = try await store.artifacts.read(path)
        var headers = HTTPFields()
        headers[.contentType] = "application/octet-stream"
        headers[.contentLength] = String(body.size)
        headers[.xContentTypeOptions] = "nosniff"
        headers[.contentDisposition] = "attachment"
        let chunks = body.chunks
        return Response(
            status: .ok,
            headers: headers,
            body: ResponseBody(contentLength: Int(exactly: body.size)) { writer in
                for try await chunk in chunks { try await writer.write(ByteBuffer(bytes: chunk)) }
                try await writer.finish(nil)
            }
        )
    }
}
