import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// MLflow's workspaces: `GET`, `POST`, `PATCH` and `DELETE` of `/api/3.0/mlflow/workspaces`.
package struct MLflowWorkspaceRoutes: Sendable {
    private let administration: AccessAdministration
    private let isEmpty: @Sendable (String) async throws -> Bool

    /// Routes over workspaces; `isEmpty` says whether anything was logged or registered in one.
    package init(
        administration: AccessAdministration,
        isEmpty: @escaping @Sendable (_ workspace: String) async throws -> Bool
    ) {
        self.administration = administration
        self.isEmpty = isEmpty
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let (administration, isEmpty) = (administration, isEmpty)
        let path = "/mlflow/workspaces"
        let one = "/mlflow/workspaces/{workspace_name}"
        routes.mlflow(.get, path, version: "3.0", permission: .account) { call in
            let workspaces = administration.workspaces(by: call.context.principal)
            return ["workspaces": .array(workspaces.map(Self.json))]
        }
        routes.mlflowResponse(.post, path, version: "3.0", permission: .server) { call in
            let name = try call.fields.string("name")
            guard name != Principal.defaultWorkspace else {
                throw MartletError(.invalidArgument, "The 'default' workspace is reserved and cannot be created")
            }
            try Self.refusePlaces(call.fields)
            let workspace = try await administration.createWorkspace(
                name,
                description: try call.fields.optionalString("description") ?? "",
                by: call.context.principal
            )
            return .json(["workspace": Self.json(workspace)], status: .created)
        }
        routes.mlflow(.get, one, version: "3.0", permission: .account) { call in
            let name = try call.fields.string("workspace_name")
            return ["workspace": Self.json(try administration.workspace(name, by: call.context.principal))]
        }
        routes.mlflow(.patch, one, version: "3.0", permission: .server) { call in
            try Self.refusePlaces(call.fields)
            let hasPlace = try call.fields.has("default_artifact_root") || call.fields.has("trace_archival_config")
            guard try call.fields.has("description") || hasPlace else {
                throw MartletError(.invalidArgument, "Workspace update must have at least one key")
            }
            let workspace = try await administration.updateWorkspace(
                try call.fields.string("workspace_name"),
                WorkspaceChange(description: try call.fields.optionalString("description")),
                by: call.context.principal
            )
            return ["workspace": Self.json(workspace)]
        }
        routes.mlflowResponse(.delete, one, version: "3.0", permission: .server) { call in
            let name = try call.fields.string("workspace_name")
            let workspace = try administration.workspace(name, by: call.context.principal)
            try await Self.checkDeletion(workspace, mode: call.request.query("mode") ?? "RESTRICT", isEmpty)
            try await administration.deleteWorkspace(workspace.name, by: call.context.principal)
            return Response(status: .noContent)
        }
    }

    /// Throws unless a workspace may be deleted in a mode.
    private static func checkDeletion(
        _ workspace: Workspace,
        mode: String,
        _ isEmpty: @Sendable (String) async throws -> Bool
    ) async throws {
        guard workspace.name != Principal.defaultWorkspace else {
            throw MartletError(.invalidArgument, "The 'default' workspace is reserved and cannot be deleted")
        }
        switch mode {
        case "CASCADE": return
        case "RESTRICT":
            guard try await isEmpty(workspace.name) else {
                throw MartletError(
                    .failedPrecondition,
                    "Cannot delete workspace '\(workspace.name)': it still has experiments or models. Delete it with "
                        + "mode CASCADE; its data stays on disk, and it can be restored."
                )
            }
        case "SET_DEFAULT":
            throw MartletError(
                .invalidArgument,
                "Deletion mode 'SET_DEFAULT' is not possible: a workspace has a database of its own, from which nothing "
                    + "moves to another. Use RESTRICT or CASCADE."
            )
        default:
            throw MartletError(
                .invalidArgument,
                "Invalid deletion mode '\(IdentityRules.shown(mode))'. Must be one of: SET_DEFAULT, CASCADE, RESTRICT"
            )
        }
    }

    /// Where a workspace's artifacts lie is the server's to say.
    private static func refusePlaces(_ fields: MLflowFields) throws(MartletError) {
        let root = try fields.optionalString("default_artifact_root") ?? ""
        let archive = try fields.optionalMessage("trace_archival_config")
        let location = try archive?.optionalString("location") ?? ""
        let retention = try archive?.optionalString("retention") ?? ""
        guard root.isEmpty, location.isEmpty, retention.isEmpty else {
            let field = root.isEmpty ? "trace_archival_config" : "default_artifact_root"
            throw MartletError(
                .invalidArgument,
                "'\(field)' cannot be chosen: this server keeps the artifacts and traces of each workspace beside those "
                    + "of the others. Leave it out."
            )
        }
    }

    private static func json(_ workspace: Workspace) -> JSONValue {
        ["name": .string(workspace.name), "description": .string(workspace.description)]
    }
}
