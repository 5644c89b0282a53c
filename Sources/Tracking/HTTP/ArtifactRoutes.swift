import Artifacts
import Core
package import HTTPSupport
import Hummingbird

/// MLflow's methods for artifacts: the lists of runs and logged models, and the proxy to the store.
package struct ArtifactRoutes {
    private let store: TrackingStore

    /// Routes over a store and its artifacts.
    package init(store: TrackingStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerLists(in: routes)
        registerDownloads(in: routes)
        for prefix in ["/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"] {
            registerProxy(in: routes, prefix)
            registerRefusals(in: routes, prefix)
        }
    }

    // MARK: - Runs and logged models

    private func registerLists(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/artifacts/list", permission: .read) { call in
            let run = try await store.run(MLflowWire.runID(call.fields))
            let root = try TrackingStore.storePath(run.info.artifactURI)
            return try await Self.listing(store, root, run.info.artifactURI, call.fields.optionalString("path"))
        }
        routes.mlflow(.get, "/mlflow/logged-models/{model_id}/artifacts/directories", permission: .read) { call in
            let model = try await store.loggedModel(call.fields.string("model_id"))
            let root = try TrackingStore.storePath(model.artifactURI)
            let path = try call.fields.optionalString("artifact_directory_path")
            return try await Self.listing(store, root, model.artifactURI, path)
        }
    }

    /// The entries of a directory, with paths relative to the root.
    private static func listing(
        _ store: TrackingStore,
        _ root: ArtifactPath,
        _ uri: String,
        _ path: String?
    ) async throws -> JSONObject {
        let directory = try path.flatMap { $0.isEmpty ? nil : $0 }.map { try root.appending($0) } ?? root
        let entries = try await store.artifacts.list(directory)
        var reply: JSONObject = ["root_uri": .string(uri)]
        reply.setList("files", entries.map { file($0, path: $0.path.relative(to: root) ?? $0.path.name) })
        return reply
    }

    private static func file(_ entry: ArtifactEntry, path: String) -> JSONValue {
        var object: JSONObject = ["path": .string(path), "is_dir": .bool(entry.isDirectory)]
        if let size = entry.size { object["file_size"] = .integer(size) }
        return .object(object)
    }

    private func registerDownloads(in routes: RouteTable) {
        let store = store
        routes.get("/get-artifact", permission: .read, errors: .mlflow) { request, _ in
            let fields = MLflowFields(query: try request.decodedQuery())
            let root = try await store.artifactRoot(runID: MLflowWire.runID(fields))
            let path = try root.appending(fields.string("path"))
            return try await ArtifactResponse.download(path, from: store.artifacts, request)
        }
        let files = "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"
        routes.get(files, permission: .read, errors: .mlflow) { request, context in
            let fields = MLflowFields(query: try request.decodedQuery())
            let root = try await store.artifactRoot(modelID: context.parameters.require("model_id"))
            let path = try root.appending(fields.string("artifact_file_path"))
            return try await ArtifactResponse.download(path, from: store.artifacts, request)
        }
        routes.post("/ajax-api/2.0/mlflow/upload-artifact", permission: .write, errors: .mlflow) { request, _ in
            let fields = MLflowFields(query: try request.decodedQuery())
            let root = try await store.artifactRoot(runID: MLflowWire.runID(fields))
            try await Self.store(request, at: root.appending(fields.string("path")), in: store)
            return .json([:])
        }
    }

    // MARK: - Proxy

    private func registerProxy(in routes: RouteTable, _ prefix: String) {
        let store = store
        let base = prefix + "/artifacts"
        routes.get(base, permission: .read, errors: .mlflow) { request, _ in
            let path = try MLflowFields(query: request.decodedQuery()).optionalString("path") ?? ""
            let trimmed = path.hasSuffix("/") ? String(path.dropLast()) : path
            let directory = try path.isEmpty ? ArtifactPath.root : ArtifactPath(validating: trimmed)
            let entries = try await store.artifacts.list(directory)
            var reply = JSONObject()
            reply.setList("files", entries.map { Self.file($0, path: $0.path.name) })
            return .json(.object(reply))
        }
        routes.get(base + "/**", permission: .read, errors: .mlflow) { request, _ in
            try await ArtifactResponse.download(Self.path(request, base), from: store.artifacts, request)
        }
        routes.put(base + "/**", permission: .write, errors: .mlflow) { request, _ in
            try await Self.store(request, at: Self.path(request, base), in: store)
            return Response(status: .ok)
        }
        routes.delete(base + "/**", permission: .write, errors: .mlflow) { request, _ in
            try await store.artifacts.delete(Self.path(request, base))
            return .json([:])
        }
    }

    /// The path after `base`, decoded once; whatever remains suspicious after that is refused.
    private static func path(_ request: Request, _ base: String) throws -> ArtifactPath {
        guard request.uri.path.hasPrefix(base + "/"),
            let text = PercentEncoding.decode(request.uri.path.dropFirst(base.count + 1))
        else { throw MartletError(.invalidArgument, "Invalid path: it has a broken percent escape.") }
        return try ArtifactPath(validating: text)
    }

    private static func store(_ request: Request, at path: ArtifactPath, in store: TrackingStore) async throws {
        let expected = try ArtifactUpload.announcedSHA256(request)
        try await store.artifacts.write(path, chunks: ArtifactUpload(request), expectedSHA256: expected)
    }

    /// Multipart uploads and signed addresses are for object stores; clients fall back on exactly this answer.
    private func registerRefusals(in routes: RouteTable, _ prefix: String) {
        for step in ["create", "complete", "abort"] {
            routes.post("\(prefix)/mpu/\(step)/**", permission: .write, errors: .mlflow) { _, _ in
                throw MartletError(
                    .unimplemented,
                    "Multipart upload is not supported for the current artifact repository"
                )
            }
        }
        routes.get("\(prefix)/presigned/**", permission: .read, errors: .mlflow) { _, _ in
            throw MartletError(
                .unimplemented,
                "Presigned URLs are not supported for the current artifact repository"
            )
        }
    }
}
