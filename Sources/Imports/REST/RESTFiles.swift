import Artifacts
import Core
import Egress

/// Lists and downloads files through an MLflow server.
struct RESTFiles: Sendable {
    let client: RESTClient

    /// Every file at a place; folders are asked for one after the other.
    func list(_ place: SourcePlace) async throws -> [SourceFile] {
        var files: [SourceFile] = []
        var pending = [""]
        var folders = 0
        while let folder = pending.popLast() {
            folders += 1
            for (path, isFolder, size) in try await entries(folder, place) {
                if isFolder { pending.append(path) } else { files.append(SourceFile(path: path, size: size)) }
            }
            guard files.count <= ImportsLimits.files, folders <= ImportsLimits.files else {
                throw MartletError(.resourceExhausted, "There are more than \(ImportsLimits.files) artifacts.")
            }
        }
        return files.sorted { $0.path < $1.path }
    }

    private func entries(_ folder: String, _ place: SourcePlace) async throws -> [(String, Bool, Int64?)] {
        var entries: [(String, Bool, Int64?)] = []
        var token: String?
        repeat {
            let answer = try await page(folder, place, token)
            for value in answer["files"]?.arrayValue ?? [] {
                let fields = SourceFields(value)
                let name = try fields.text("path")
                // A server names files by their path, its artifact proxy by their name alone.
                let last = name.split(separator: "/").last.map(String.init) ?? name
                let path = folder.isEmpty ? last : folder + "/" + last
                guard name == path || name == last else {
                    throw MartletError(.dataLoss, "The server lists '\(name.prefix(200))' in the folder '\(folder)'.")
                }
                guard path.split(separator: "/").count <= ImportsLimits.folderDepth, last != ".", last != ".." else {
                    throw MartletError(.invalidArgument, "The artifact '\(path.prefix(200))' has no acceptable path.")
                }
                entries.append((path, value["is_dir"]?.boolValue ?? false, fields.optionalInteger("file_size")))
            }
            let next = answer["next_page_token"]?.stringValue.flatMap { $0.isEmpty ? nil : $0 }
            token = next == token ? nil : next
        } while token != nil
        return entries
    }

    private func page(_ folder: String, _ place: SourcePlace, _ token: String?) async throws -> JSONValue {
        let path = folder.isEmpty ? nil : folder
        switch place {
        case .run(let id):
            return try await client.get(
                "/api/2.0/mlflow/artifacts/list",
                [("run_id", id), ("path", path), ("page_token", token)]
            )
        case .loggedModel(let id):
            return try await client.get(
                "/api/2.0/mlflow/logged-models/\(RESTClient.segment(id))/artifacts/directories",
                [("artifact_directory_path", path), ("page_token", token)]
            )
        case .proxied(let root):
            return try await client.get(
                "/api/2.0/mlflow-artifacts/artifacts",
                [("path", [root, folder].filter { !$0.isEmpty }.joined(separator: "/"))]
            )
        case .nothing, .folder, .elsewhere, .unreachable: return [:]
        }
    }

    /// Downloads a file into a store as it arrives.
    func copy(
        _ file: SourceFile,
        of place: SourcePlace,
        to store: any ArtifactStore,
        at path: ArtifactPath
    ) async throws -> ArtifactDigest {
        var attempt = 1
        while true {
            let answer = try await client.answer(
                RESTClient.Question(method: "GET", path: address(of: file, place), body: nil)
            )
            do {
                return try await store.write(path, chunks: answer.body)
            } catch let error as MartletError where !RESTClient.isPassing(error) {
                throw error
            } catch {
                // The connection broke off in the middle: nothing was stored, so it may be asked for again.
                guard attempt < ImportsLimits.attempts, !(error is CancellationError) else {
                    throw MartletError(.unavailable, "The download of '\(file.path)' broke off.", cause: error)
                }
                attempt += 1
            }
        }
    }

    private func address(of file: SourceFile, _ place: SourcePlace) -> String {
        switch place {
        case .loggedModel(let id):
            return "/ajax-api/2.0/mlflow/logged-models/\(RESTClient.segment(id))/artifacts/files"
                + RESTClient.encoded([("artifact_file_path", file.path)])
        case .proxied(let root):
            let components = (root + "/" + file.path).split(separator: "/").map { RESTClient.segment(String($0)) }
            return "/api/2.0/mlflow-artifacts/artifacts/" + components.joined(separator: "/")
        case .run(let id):
            return "/get-artifact" + RESTClient.encoded([("path", file.path), ("run_uuid", id), ("run_id", id)])
        case .nothing, .folder, .elsewhere, .unreachable: return "/"
        }
    }
}
