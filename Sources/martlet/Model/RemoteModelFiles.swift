import Core

/// Reads the small files of a model that a server keeps, without downloading the model.
struct RemoteModelFiles {
    private let server: ServerClient
    private let root: String

    /// Finds the model that `models:/NAME/VERSION`, `models:/NAME@ALIAS`, `models:/m-…` or `runs:/RUN/PATH` names.
    ///
    /// - Throws: `invalidArgument` for any other source, `notFound`.
    init(_ source: String, _ server: ServerClient) async throws {
        self.server = server
        let mlflow = "/api/2.0/mlflow"
        let uri: String?
        let parts = source.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if source.hasPrefix("runs:/"), parts.count > 2 {
            let run = try await server.get("\(mlflow)/runs/get", query: [("run_id", parts[1])])
            let root = run["run"]?["info"]?["artifact_uri"]?.stringValue
            uri = root.map { ([$0] + parts.dropFirst(2)).joined(separator: "/") }
        } else if source.hasPrefix("models:/m-"), parts.count == 2 {
            let model = try await server.get("\(mlflow)/logged-models/\(ServerClient.segment(parts[1]))")
            uri = model["model"]?["info"]?["artifact_uri"]?.stringValue
        } else if source.hasPrefix("models:/"), let (name, version) = try await Self.version(parts, server) {
            let answer = try await server.get(
                "\(mlflow)/model-versions/get-download-uri",
                query: [("name", name), ("version", version)]
            )
            uri = answer["artifact_uri"]?.stringValue
        } else {
            throw MartletError(
                .invalidArgument,
                "'\(source)' is neither a directory with an MLmodel nor models:/NAME/VERSION, models:/NAME@ALIAS,"
                    + " models:/m-… or runs:/RUN/PATH."
            )
        }
        guard let uri, let colon = uri.firstIndex(of: ":"), uri[..<colon] == "mlflow-artifacts" else {
            throw MartletError(.unimplemented, "The files of '\(source)' do not lie on the server.")
        }
        root = uri[uri.index(after: colon)...].split(separator: "/").map { ServerClient.segment(String($0)) }
            .joined(separator: "/")
    }

    private static func version(
        _ parts: [String],
        _ server: ServerClient
    ) async throws -> (name: String, version: String)? {
        if parts.count == 3 { return (parts[1], parts[2]) }
        guard parts.count == 2, let at = parts[1].lastIndex(of: "@") else { return nil }
        let name = String(parts[1][..<at])
        let answer = try await server.get(
            "/api/2.0/mlflow/registered-models/alias",
            query: [("name", name), ("alias", String(parts[1][parts[1].index(after: at)...]))]
        )
        return (name, Words.text(answer["model_version"]?["version"]))
    }

    /// The bytes of a file; nil when the model has none of this name.
    func read(_ name: String) async throws -> [UInt8]? {
        try await server.file("/api/2.0/mlflow-artifacts/artifacts/\(root)/\(name)")
    }
}
