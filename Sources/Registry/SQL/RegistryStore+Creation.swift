import Artifacts
import Core
import Storage

/// New versions: where their files come from, and what is recorded about them.
extension RegistryStore {
    /// Registers a version of an existing registered model.
    ///
    /// The files stay where they are; their checksums are recorded, so that a later change is noticed.
    ///
    /// - Parameters:
    ///   - model: the registered model.
    ///   - source: `models:/m-…` (a logged model), `models:/name/3` (another version), `runs:/<run>/path` or
    ///     `mlflow-artifacts:/path` beneath the run's or logged model's artifacts, or the URI of an object store.
    ///   - runID: the run that made it; needed for the last two, checked for the others.
    ///   - modelID: the logged model that it is.
    ///   - tags: its first tags.
    ///   - description: for people.
    ///   - runLink: a link to the run in another system.
    ///   - uniqueTag: a tag's key; a version that has it with the same value is returned instead of a new one.
    ///   - mustHaveFiles: whether a source without files is refused. MLflow's clients may register before they upload.
    /// - Returns: the version.
    /// - Throws: `notFound` for the model or the source, `invalidArgument` for a source that is not acceptable.
    @discardableResult
    package func createVersion(
        model: String,
        source: String,
        runID: String? = nil,
        modelID: String? = nil,
        tags: [ModelTag] = [],
        description: String = "",
        runLink: String = "",
        uniqueTag: String? = nil,
        mustHaveFiles: Bool = false
    ) async throws -> ModelVersion {
        try RegistryRules.checkTags(tags)
        try RegistryRules.checkDescription(description)
        let origin = try await origin(of: source, runID: runID, modelID: modelID, tags: tags)
        let files = try await digests(of: origin.artifactURI)
        guard !files.isEmpty || !mustHaveFiles else {
            throw MartletError(.notFound, "There are no files at '\(source)': log the model to the run first.")
        }
        let now = clock.now
        let version = try await changeModel(model) { connection, number in
            if let uniqueTag, let value = tags.first(where: { $0.key == uniqueTag })?.value {
                let known = try Self.version(connection, number, taggedWith: ModelTag(key: uniqueTag, value: value))
                if let known { return try Self.version(connection, known, name: model) }
            }
            let version = try Self.nextVersion(connection, number)
            try connection.execute(
                """
                INSERT INTO model_versions (model_number, version, is_deleted, description, stage, source, artifact_uri,
                    run_id, run_link, creation_time, last_update_time) VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .integer(number), .integer(version), .text(description),
                    .text(ModelVersion.Stage.none.rawValue), .text(source), .text(origin.artifactURI),
                    .text(origin.runID), .text(runLink), .integer(now.milliseconds), .integer(now.milliseconds),
                ]
            )
            for tag in tags { try Self.putTag(connection, number, version, tag) }
            for file in files { try Self.putFile(connection, number, version, file) }
            return try Self.version(connection, model, Int(version))
        }
        if let loggedModel = origin.loggedModel {
            try await sources.registered(loggedModel, model, version.version)
        }
        return version
    }

    /// Where a version's files lie and which run made them.
    private struct Origin {
        let artifactURI: String
        let runID: String
        var loggedModel: String?
    }

    private func origin(
        of source: String,
        runID: String?,
        modelID: String?,
        tags: [ModelTag]
    ) async throws -> Origin {
        let isPrompt = tags.contains { $0.key == Self.promptTag && $0.value.lowercased() == "true" }
        let uri = try ModelSourceURI(source, isPrompt: isPrompt)
        if let runID, case .run(let id, _) = uri, id != runID {
            throw ModelSourceURI.refusal(source, "it names another run than run_id '\(runID.prefix(80))'")
        }
        switch uri {
        case .prompt:
            return Origin(artifactURI: source, runID: runID ?? "")
        case .loggedModel(let id):
            guard modelID == nil || modelID == id else {
                throw ModelSourceURI.refusal(source, "it names another logged model than model_id")
            }
            let model = try await sources.loggedModel(id)
            return Origin(artifactURI: model.artifactURI, runID: model.runID ?? runID ?? "", loggedModel: id)
        case .version(let name, let reference):
            let other = try await version(name, reference)
            return Origin(artifactURI: other.artifactURI, runID: other.runID)
        case .run(let id, let path):
            let root = try await sources.runArtifactURI(id)
            return Origin(artifactURI: "\(root)/\(path)", runID: id, loggedModel: modelID)
        case .store(let path):
            let run = try await owner(of: path, source, runID: runID, modelID: modelID)
            return Origin(artifactURI: ArtifactURI.uri(of: path), runID: run, loggedModel: modelID)
        case .foreign(let uri):
            return Origin(artifactURI: uri, runID: runID ?? "", loggedModel: modelID)
        }
    }

    private func version(_ name: String, _ reference: ModelSourceURI.Reference) async throws -> ModelVersion {
        switch reference {
        case .version(let version): try await self.version(name, version)
        case .alias(let alias): try await self.version(name, resolve(alias: alias, of: name))
        }
    }

    /// The run whose artifacts, or whose logged model's artifacts, a path of the store lies beneath.
    ///
    /// Without this check a version could be pointed at another run's or another model's files.
    private func owner(
        of path: ArtifactPath,
        _ source: String,
        runID: String?,
        modelID: String?
    ) async throws -> String {
        if let modelID {
            let model = try await sources.loggedModel(modelID)
            if let root = ArtifactURI.path(of: model.artifactURI), path.relative(to: root) != nil {
                return model.runID ?? runID ?? ""
            }
        }
        if let runID {
            let uri = try await sources.runArtifactURI(runID)
            if let root = ArtifactURI.path(of: uri), path.relative(to: root) != nil { return runID }
        }
        throw ModelSourceURI.refusal(
            source,
            "it must lie among the artifacts of the run or logged model that run_id or model_id names"
        )
    }

    /// The files of a version as they are now; none for object stores and prompts.
    private func digests(of artifactURI: String) async throws -> [ModelFile] {
        guard let root = ArtifactURI.path(of: artifactURI) else { return [] }
        let entries = try await artifacts.files(beneath: root)
        guard entries.count <= RegistryLimits.files else {
            throw MartletError(
                .resourceExhausted,
                "The model has \(entries.count) files; at most \(RegistryLimits.files) can be registered."
            )
        }
        var files: [ModelFile] = []
        for entry in entries {
            guard let path = entry.path.relative(to: root) else { continue }
            files.append(ModelFile(path: path, digest: try await artifacts.digest(entry.path)))
        }
        return files
    }

    private static func nextVersion(_ connection: Connection, _ number: Int64) throws -> Int64 {
        try connection.execute(
            "UPDATE registered_models SET last_version = last_version + 1 WHERE model_number = ?",
            [.integer(number)]
        )
        let row = try connection.first(
            "SELECT last_version FROM registered_models WHERE model_number = ?",
            [.integer(number)]
        )
        guard let row else { throw MartletError(.internal, "A registered model vanished while a version was made.") }
        return try row.int("last_version")
    }

    private static func version(
        _ connection: Connection,
        _ number: Int64,
        taggedWith tag: ModelTag
    ) throws -> Row? {
        try connection.first(
            """
            SELECT v.* FROM model_versions v JOIN model_version_tags t
                ON t.model_number = v.model_number AND t.version = v.version
            WHERE v.model_number = ? AND v.is_deleted = 0 AND t.tag_key = ? AND t.tag_value = ?
            ORDER BY v.version LIMIT 1
            """,
            [.integer(number), .text(tag.key), .text(tag.value)]
        )
    }

    private static func putFile(_ connection: Connection, _ number: Int64, _ version: Int64, _ file: ModelFile) throws {
        try connection.execute(
            """
            INSERT INTO model_version_files (model_number, version, file_path, file_size, sha256)
            VALUES (?, ?, ?, ?, ?)
            """,
            [
                .integer(number), .integer(version), .text(file.path), .integer(file.digest.size),
                .text(file.digest.sha256),
            ]
        )
    }
}
