import Artifacts
import Core
import HTTPSupport
import Storage

/// Where a workspace's house stands: settings that lead to its own database, artifacts and directory.
enum Site {
    /// The settings of a workspace, made from those of the server.
    ///
    /// The workspace `default` stands where a server without workspaces has everything. The places of the others lie
    /// beside those of the default one, never below them, so that no path of one leads into another.
    ///
    /// - Throws: `failedPrecondition` when artifacts lie in a bucket without a prefix, where nothing is beside.
    static func settings(of workspace: String, _ server: ServerSettings) throws(MartletError) -> ServerSettings {
        guard workspace != Principal.defaultWorkspace else { return server }
        var settings = server
        settings.workspace = workspace
        settings.data = "\(server.data)/workspaces/\(workspace)"
        if server.postgresURL == nil { settings.database = nil }
        if let artifacts = server.artifacts {
            settings.artifacts = try beside(artifacts, workspace)
        }
        return settings
    }

    /// The PostgreSQL schema of a workspace; nil for the default one, which uses the one of the user's search path.
    static func schema(of workspace: String) -> String? {
        guard workspace != Principal.defaultWorkspace else { return nil }
        return "martlet_\(workspace)"
    }

    /// The PostgreSQL schema of the accounts; no workspace's name has an underscore.
    static let accessSchema = "martlet__access"

    private static func beside(_ artifacts: String, _ workspace: String) throws(MartletError) -> String {
        var base = Substring(artifacts)
        while base.hasSuffix("/") { base.removeLast() }
        if base.hasPrefix(S3Settings.locationScheme), !base.dropFirst(S3Settings.locationScheme.count).contains("/") {
            throw MartletError(
                .failedPrecondition,
                "The artifacts lie in a whole bucket, so that a workspace of its own has no place beside them. Start the "
                    + "server with --artifacts \(base)/PREFIX and move the objects there."
            )
        }
        return "\(base)-workspaces/\(workspace)"
    }
}
