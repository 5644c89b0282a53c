import Core
import HTTPTypes
import Hummingbird

/// MLflow's workspaces, which this server does not have.
enum MLflowWorkspace {
    private static let header = HTTPField.Name("X-MLFLOW-WORKSPACE")

    /// The answer to a request that names a workspace: what is meant for one must not land outside it.
    ///
    /// `server-info` is answered, because clients ask there whether there are workspaces. MLflow's own answer is a 500,
    /// which clients would try again for minutes.
    static func refusal(of request: Request) -> Response? {
        guard let header, let workspace = request.headers[header], !workspace.isEmpty,
            !request.uri.path.hasSuffix("/mlflow/server-info")
        else { return nil }
        let message = "Workspace APIs are not available: workspaces are not enabled on this server"
        return .json(["error_code": "FEATURE_DISABLED", "message": .string(message)], status: .badRequest)
    }
}
