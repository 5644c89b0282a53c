package import Artifacts
import Core
package import HTTPSupport
import Hummingbird
import NIOCore

/// MLflow's methods for artifacts: the lists and downloads of runs, logged models and versions, and the proxy.
package struct ArtifactRoutes {
    /// Finds the folder of a version of a registered model.
    package typealias VersionRoot = @Sendable (_ model: String, _ version: String) async throws -> ArtifactPath

    private let store: TrackingStore
    private let versionRoot: VersionRoot?

    /// Routes over a store and its artifacts; without `versionRoot` there are none for versions of models.
    package init(store: TrackingStore, versionRoot: VersionRoot? = nil) {
        self.store = store
        self.versionRoot = versionRoot
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerLists(in: routes)
        registerDownloads(in: routes)
        registerUpload(in: routes)
        for prefix in ["/api/2.0/mlflow-artifacts", "/ajax-api/2.0/mlflow-artifacts"] {
            ArtifactProxyRoutes(artifacts: store.artifacts, prefix: prefix).register(in: routes)
            DirectTransferRoutes(artifacts: store.artifacts, prefix: prefix).register(in: routes)
        }
    }

    private func registerLists(in routes: RouteTable) {
        let store = store
        routes.mlflow(.get, "/mlflow/artifacts/list", permission: .read) { call in
            let path = try call.fields.optionalString("path")
            let run = try await store.run(MLflowWire.runID(call.fields))
            let root = try TrackingStore.storePath(run.info.artifactURI)
            return try await Self.listing(store, root, run.info.artifactURI, path)
        }
        routes.mlflow(.get, "/mlflow/logged-models/{model_id}/artifacts/directories", permission: .read) { call in
            let path = try call.fields.optionalString("artifact_directory_path")
            let model = try await store.loggedModel(call.fields.string("model_id"))
            let root = try TrackingStore.storePath(model.artifactURI)
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
        let entries = try await store.artifacts.list(ArtifactRequestPath.directory(path, beneath: root))
        var reply: JSONObject = ["root_uri": .string(uri)]
        reply.setList("files", entries.map { $0.file(path: $0.path.relative(to: root) ?? $0.path.name) })
        return reply
    }

    private func registerDownloads(in routes: RouteTable) {
        let store = store
        Self.registerDownload(in: routes, "/get-artifact", store.artifacts) { fields, _ in
            let path = try fields.string("path")
            return (try await store.artifactRoot(runID: MLflowWire.runID(fields)), path)
        }
        let files = "/ajax-api/2.0/mlflow/logged-models/{model_id}/artifacts/files"
        Self.registerDownload(in: routes, files, store.artifacts) { fields, context in
            guard let path = try fields.optionalString("artifact_file_path"), !path.isEmpty else {
                throw MartletError(
                    .invalidArgument,
                    "Request must include the \"artifact_file_path\" query parameter."
                )
            }
            return (try await store.artifactRoot(modelID: context.parameters.require("model_id")), path)
        }
        guard let versionRoot else { return }
        Self.registerDownload(in: routes, "/model-versions/get-artifact", store.artifacts) { fields, _ in
            let path = try fields.string("path")
            return (try await versionRoot(fields.string("name"), fields.string("version")), path)
        }
    }

    /// Registers GET and HEAD of a file that the query names beneath some root.
    private static func registerDownload(
        in routes: RouteTable,
        _ address: String,
        _ artifacts: any ArtifactStore,
        _ find: @escaping @Sendable (MLflowFields, AppRequestContext) async throws -> (root: ArtifactPath, path: String)
    ) {
        for method in [HTTPRequest.Method.get, .head] {
            routes.on(address, method: method, permission: .read, errors: .mlflow) { request, context in
                let fields = MLflowFields(query: try request.decodedQuery())
                // A path that could never be accepted is refused before anything is looked up.
                let names = ["path", "artifact_file_path"]
                for name in names where try fields.has(name) {
                    _ = try ArtifactRequestPath.path(fields.string(name))
                }
                let (root, path) = try await find(fields, context)
                let file = try ArtifactRequestPath.path(path, beneath: root)
                return try await ArtifactResponse.download(file, from: artifacts, request)
            }
        }
    }

    /// The small upload of web pages; programs use the proxy.
    private func registerUpload(in routes: RouteTable) {
        let store = store
        routes.post("/ajax-api/2.0/mlflow/upload-artifact", permission: .write, errors: .mlflow) { request, _ in
            let fields = MLflowFields(query: try request.decodedQuery())
            guard let id = try fields.optionalString("run_uuid") ?? fields.optionalString("run_id"), !id.isEmpty else {
                throw MartletError(.invalidArgument, "Request must specify run_uuid.")
            }
            guard let path = try fields.optionalString("path"), !path.isEmpty else {
                throw MartletError(.invalidArgument, "Request must specify path.")
            }
            _ = try ArtifactRequestPath.path(path)
            let body: ByteBuffer
            do {
                body = try await request.readBody(limit: ArtifactsLimits.pageUploadBytes)
            } catch let error as MartletError where error.code == .payloadTooLarge {
                let size = ArtifactsLimits.pageUploadBytes / 1024 / 1024
                throw MartletError(.invalidArgument, "Artifact size is too large. Max size is \(size)MB.")
            }
            guard body.readableBytes > 0 else {
                throw MartletError(.invalidArgument, "Request must specify data.")
            }
            let file = try await ArtifactRequestPath.path(path, beneath: store.artifactRoot(runID: id))
            try await store.artifacts.write(file, bytes: Array(body.readableBytesView))
            return .json([:])
        }
    }
}

extension ArtifactEntry {
    /// The entry as MLflow's `FileInfo`.
    func file(path: String) -> JSONValue {
        var object: JSONObject = ["path": .string(path), "is_dir": .bool(isDirectory)]
        if let size { object["file_size"] = .integer(size) }
        return .object(object)
    }
}
