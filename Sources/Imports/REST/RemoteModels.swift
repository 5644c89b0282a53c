package import Artifacts
import Core

/// Finds models on an MLflow server and brings them here.
package struct RemoteModels: Sendable {
    private let client: RESTClient
    private let prefix = "/api/2.0/mlflow"

    /// Models of the server that `client` asks.
    package init(client: RESTClient) {
        self.client = client
    }

    // MARK: Finding

    /// The version that an alias names.
    ///
    /// - Throws: `notFound` when model or alias do not exist.
    package func version(of name: String, alias: String) async throws -> Int {
        let answer = try await client.get("\(prefix)/registered-models/alias", [("name", name), ("alias", alias)])
        guard let version = answer["model_version"]?["version"].flatMap(Self.number) else {
            throw MartletError(.dataLoss, "The server's answer names no version of '\(name.prefix(200))'.")
        }
        return version
    }

    /// The highest version of a model.
    ///
    /// - Throws: `notFound` when there is none.
    package func latestVersion(of name: String) async throws -> Int {
        let quoted = name.contains("'") ? "\"\(name)\"" : "'\(name)'"
        var highest = 0
        var token: String?
        repeat {
            let answer = try await client.get(
                "\(prefix)/model-versions/search",
                [("filter", "name = \(quoted)"), ("max_results", "\(ImportsLimits.pageItems)"), ("page_token", token)]
            )
            for version in answer["model_versions"]?.arrayValue ?? [] {
                highest = max(highest, version["version"].flatMap(Self.number) ?? 0)
            }
            let next = answer["next_page_token"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
            token = next == token ? nil : next
        } while token != nil
        guard highest > 0 else {
            throw MartletError(.notFound, "The server has no version of a model '\(name.prefix(200))'.")
        }
        return highest
    }

    private static func number(_ value: JSONValue) -> Int? {
        value.stringValue.flatMap { Int($0) } ?? value.integerValue.flatMap { Int(exactly: $0) }
    }

    /// Where the files of a version lie.
    ///
    /// - Throws: `notFound` for a version that does not exist.
    package func artifactURI(of name: String, version: Int) async throws -> String {
        let answer = try await client.get(
            "\(prefix)/model-versions/get-download-uri",
            [("name", name), ("version", "\(version)")]
        )
        return try Self.uri(answer["artifact_uri"])
    }

    /// Where the files of a logged model lie.
    ///
    /// - Throws: `notFound` for one that does not exist.
    package func artifactURI(ofLoggedModel id: String) async throws -> String {
        let answer = try await client.get("\(prefix)/logged-models/\(RESTClient.segment(id))")
        return try Self.uri(answer["model"]?["info"]?["artifact_uri"])
    }

    /// Where `path` among a run's artifacts lies; a model that was logged under that name counts as such.
    ///
    /// - Throws: `notFound` for a run that does not exist.
    package func artifactURI(ofRun id: String, path: String) async throws -> String {
        let info = try await client.get("\(prefix)/runs/get", [("run_id", id)])["run"]?["info"]
        let uri = try Self.uri(info?["artifact_uri"]) + "/" + path
        if let root = Self.proxied(uri), try await files(at: root).isEmpty,
            let experiment = info?["experiment_id"]?.stringValue,
            let logged = try await loggedModel(named: path, ofRun: id, experiment)
        {
            return logged
        }
        return uri
    }

    private func loggedModel(named name: String, ofRun run: String, _ experiment: String) async throws -> String? {
        let answer = try await client.post(
            "\(prefix)/logged-models/search",
            ["experiment_ids": [.string(experiment)], "filter": .string("source_run_id = '\(run)'"), "max_results": 50]
        )
        let models = answer["models"]?.arrayValue ?? []
        return models.first { model in
            model["info"]?["name"]?.stringValue == name && model["info"]?["source_run_id"]?.stringValue == run
        }?["info"]?["artifact_uri"]?.stringValue
    }

    private static func uri(_ value: JSONValue?) throws(MartletError) -> String {
        guard let text = value?.stringValue, !text.isEmpty else {
            throw MartletError(.dataLoss, "The server's answer does not say where the model lies.")
        }
        return text
    }

    /// SHA-256 by path of a version's files, where the server keeps them (Martlet does); empty where it does not.
    package func checksums(of name: String, version: Int) async throws -> [String: String] {
        let path = "/api/martlet/v1/models/\(RESTClient.segment(name))/versions/\(version)"
        let answer: JSONValue
        do {
            answer = try await client.get(path)
        } catch let error as MartletError where [.notFound, .invalidArgument].contains(error.code) {
            // Another server: it has no such page.
            return [:]
        }
        let pairs = (answer["files"]?.arrayValue ?? []).compactMap { file -> (String, String)? in
            guard let path = file["path"]?.stringValue, let sum = file["sha256"]?.stringValue else { return nil }
            return (path, sum)
        }
        return Dictionary(pairs) { _, last in last }
    }

    // MARK: Bringing

    /// What a server's artifact proxy hands out for a URI; nil for a URI that clients reach themselves.
    package static func proxied(_ uri: String) -> String? {
        guard uri.hasPrefix("mlflow-artifacts:") else { return nil }
        var rest = uri.dropFirst("mlflow-artifacts:".count)
        if rest.hasPrefix("//") { rest = rest.dropFirst(2).drop { $0 != "/" } }
        return rest.split(separator: "/").joined(separator: "/")
    }

    private func files(at root: String) async throws -> [SourceFile] {
        do {
            return try await RESTFiles(client: client).list(.proxied(root))
        } catch let error as MartletError where error.code == .notFound {
            return []
        }
    }

    /// Downloads the folder or file at `root` of the server's artifact proxy into `store`.
    ///
    /// - Parameters:
    ///   - root: the place, as `proxied` gives it.
    ///   - store: where the files go.
    ///   - folder: the folder there.
    ///   - checksums: what the SHA-256 of the files must be, by path beneath `root`.
    /// - Returns: the folder, or the file in it, beneath the store's root.
    /// - Throws: `notFound` when there is nothing, `dataLoss` for a file whose checksum is another,
    ///   `payloadTooLarge` past `ImportsLimits.modelBytes`.
    package func download(
        _ root: String,
        to store: any ArtifactStore,
        folder: ArtifactPath,
        checksums: [String: String]
    ) async throws -> ArtifactPath {
        var root = root
        var files = try await files(at: root)
        var result = folder
        if files.isEmpty {
            // Perhaps it is a file, which only its folder lists.
            let parts = root.split(separator: "/").map(String.init)
            guard let name = parts.last else { throw Self.nothing }
            root = parts.dropLast().joined(separator: "/")
            files = try await self.files(at: root).filter { $0.path == name }
            guard !files.isEmpty else { throw Self.nothing }
            result = try folder.appending(name)
        }
        let size = files.reduce(Int64(0)) { $0.addingReportingOverflow(max(0, $1.size ?? 0)).partialValue }
        guard size <= ImportsLimits.modelBytes else {
            throw MartletError(
                .payloadTooLarge,
                "The model has \(size) bytes; at most \(ImportsLimits.modelBytes) are downloaded."
            )
        }
        for file in files {
            let path = try folder.appending(file.path)
            let digest = try await RESTFiles(client: client).copy(file, of: .proxied(root), to: store, at: path)
            guard let expected = checksums[file.path], expected != digest.sha256 else { continue }
            throw MartletError(
                .dataLoss,
                "The file '\(file.path)' of the model arrived with SHA-256 \(digest.sha256.prefix(12))…, not"
                    + " \(expected.prefix(12))…: it is damaged on the server or on the way."
            )
        }
        if let missing = checksums.keys.sorted().first(where: { path in !files.contains { $0.path == path } }) {
            throw MartletError(.dataLoss, "The file '\(missing)' of the model is missing on the server.")
        }
        return result
    }

    private static let nothing = MartletError(.notFound, "There are no files where the server says the model lies.")
}
