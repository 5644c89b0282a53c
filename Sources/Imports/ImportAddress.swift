package import Core
import Foundation

/// What `--from` names.
package enum ImportAddress {
    /// Opens a source: `http(s)://…`, `sqlite:///path`, the path of a database or of a folder, or `file:…`.
    ///
    /// The root of artifacts is a folder, or the address of a server that hands them out; the authorization is the
    /// value of that header for a server that wants one.
    ///
    /// - Throws: `invalidArgument`, `notFound` or `unimplemented` with the remedy.
    package static func open(
        _ from: String,
        artifactsRoot: String? = nil,
        authorization: String? = nil,
        clock: Clock = .system
    ) throws(MartletError) -> any ImportSource {
        if isServer(from) {
            guard artifactsRoot == nil else {
                throw MartletError(
                    .invalidArgument,
                    "--artifacts-root is for databases and folders; a server hands out its own."
                )
            }
            return RESTSource(client: try RESTClient(address: from, authorization: authorization, clock: clock))
        }
        let server = try artifactsRoot.flatMap { isServer($0) ? $0 : nil }.map { (address) throws(MartletError) in
            try RESTClient(address: address, authorization: authorization, clock: clock)
        }
        let root = server == nil ? artifactsRoot : nil
        if from.hasPrefix("sqlite:") {
            return try SQLiteSource(path: databasePath(from), artifactsRoot: root, artifactsServer: server)
        }
        let scheme = from.prefix { $0 != ":" }
        if from.contains("://"), scheme != "file" {
            throw MartletError(
                .unimplemented,
                "'\(scheme):' is not imported directly: run `mlflow server --backend-store-uri …` on it and name its "
                    + "address with --from."
            )
        }
        guard let path = ArtifactLocator.localPath(from), !path.isEmpty else {
            throw MartletError(.invalidArgument, "'\(from)' is neither a server, a database nor a folder.")
        }
        if let resolved = LocalFolder.resolved(path), case .file = LocalFolder.kind(resolved) {
            return try SQLiteSource(path: path, artifactsRoot: root, artifactsServer: server)
        }
        guard server == nil else {
            throw MartletError(.invalidArgument, "--artifacts-root must be a folder when a folder is imported.")
        }
        return try FolderSource(path: path, artifactsRoot: root)
    }

    private static func isServer(_ text: String) -> Bool {
        text.hasPrefix("http://") || text.hasPrefix("https://")
    }

    /// As SQLAlchemy reads it: three slashes begin a relative path, four an absolute one.
    private static func databasePath(_ from: String) throws(MartletError) -> String {
        var path = from.dropFirst("sqlite:".count)
        if path.hasPrefix("///") { path = path.dropFirst(3) } else if path.hasPrefix("//") { path = "" }
        guard let text = String(path).removingPercentEncoding, !text.isEmpty else {
            throw MartletError(.invalidArgument, "'\(from)' names no database; write it like sqlite:///mlflow.db.")
        }
        return text
    }
}
