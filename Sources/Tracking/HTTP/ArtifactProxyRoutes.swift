import Artifacts
import Core
import HTTPSupport
import Hummingbird

/// MLflow's artifact proxy: clients send and fetch files through the server, which knows where they lie.
struct ArtifactProxyRoutes {
    let artifacts: any ArtifactStore
    /// Such as `/api/2.0/mlflow-artifacts`.
    let prefix: String

    func register(in routes: RouteTable) {
        let artifacts = artifacts
        let base = prefix + "/artifacts"
        routes.get(base, permission: .read, errors: .mlflow) { request, _ in
            let text = try MLflowFields(query: request.decodedQuery()).optionalString("path")
            let entries = try await artifacts.list(ArtifactRequestPath.directory(text))
            var reply = JSONObject()
            reply.setList("files", entries.map { $0.file(path: $0.path.name) })
            return .json(.object(reply))
        }
        for method in [HTTPRequest.Method.get, .head] {
            routes.on(base + "/**", method: method, permission: .read, errors: .mlflow) { request, _ in
                let text = try ArtifactRequestPath.rest(request, after: base)
                guard !text.hasSuffix("/") else { return Self.directoryRefusal(text) }
                let path = try ArtifactRequestPath.path(text)
                do {
                    return try await ArtifactResponse.download(path, from: artifacts, request)
                } catch let error as MartletError where error.code == .invalidArgument {
                    guard try await artifacts.entry(path)?.isDirectory == true else { throw error }
                    return Self.directoryRefusal(path.description)
                }
            }
        }
        routes.put(base + "/**", permission: .write, errors: .mlflow) { request, _ in
            let text = try ArtifactRequestPath.rest(request, after: base)
            guard !text.hasSuffix("/") else { return Self.directoryRefusal(text) }
            let path = try ArtifactRequestPath.path(text)
            let expected = try ArtifactUpload.announcedSHA256(request)
            try await artifacts.write(path, chunks: ArtifactUpload(request), expectedSHA256: expected)
            return Response(status: .ok)
        }
        routes.delete(base + "/**", permission: .write, errors: .mlflow) { request, _ in
            let path = try ArtifactRequestPath.directory(try ArtifactRequestPath.rest(request, after: base))
            try await artifacts.delete(path)
            return .json([:])
        }
    }

    /// MLflow's answer to a directory where a file is meant, in both of the shapes that its clients know.
    private static func directoryRefusal(_ path: String) -> Response {
        let shown = String(path.prefix(200)).filter { $0.isASCII && !$0.isNewline }
        let message = "Artifact path refers to a directory, not a file: '\(shown)'"
        return .json(
            [
                "detail": .string(message), "error_code": "INVALID_PARAMETER_VALUE", "message": .string(message),
            ],
            status: .badRequest
        )
    }
}
