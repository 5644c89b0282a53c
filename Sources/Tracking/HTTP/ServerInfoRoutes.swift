import Core
package import HTTPSupport
import HTTPTypes

/// What MLflow's clients ask about the server itself.
package struct ServerInfoRoutes {
    /// The MLflow version whose protocol this server speaks; clients decide by it what they send.
    package static let protocolVersion = "3.17.2"

    private let hasDirectTransfers: Bool
    private let hasWorkspaces: @Sendable () -> Bool

    /// Makes the routes.
    ///
    /// - Parameters:
    ///   - hasDirectTransfers: whether the artifact store can be reached past the server.
    ///   - hasWorkspaces: whether clients may name workspaces.
    package init(hasDirectTransfers: Bool = false, hasWorkspaces: @escaping @Sendable () -> Bool = { false }) {
        self.hasDirectTransfers = hasDirectTransfers
        self.hasWorkspaces = hasWorkspaces
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let (hasDirectTransfers, hasWorkspaces) = (hasDirectTransfers, hasWorkspaces)
        routes.get("/version", permission: .open, errors: .mlflow) { _, _ in .text(Self.protocolVersion) }
        routes.mlflow(.get, "/mlflow/server-info", version: "3.0", permission: .read) { _ in
            [
                "store_type": "SqlStore", "workspaces_enabled": .bool(hasWorkspaces()), "trace_archival_enabled": false,
                "multipart_uploads_enabled": .bool(hasDirectTransfers),
                "multipart_downloads_enabled": .bool(hasDirectTransfers),
                "presigned_upload_run_id_supported": false, "presigned_upload_model_id_supported": false,
                "features_enabled": ["gateway": false],
            ]
        }
    }
}
