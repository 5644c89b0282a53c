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
    ///   - mustNameOwner: whether `runs:/…` needs its run as `runID` and `models:/m-…` its model as `modelID`, as
    ///     MLflow's clients give them.
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
        mustNameOwner: Bool = false,
        tags: [ModelTag] = [],
        description: String = "",
        runLink: String = "",
        uniqueTag: String? = nil,
        mustHaveFiles: Bool = false
    ) async throws -> ModelVersion {
        try RegistryRules.checkTags(tags)
        try RegistryRules.checkDescription(description)
        // The logged model and the folders are only looked for in the name of a model that there is.
        _ = try await self.model(model)
        let request = Request(source: source, runID: runID, modelID: modelID, mustNameOwner: mustNameOwner)
        let origin = try await origin(of: request, isPrompt: Self.isPrompt(tags))
        let inspection = try await inspect(origin.artifactURI)
        guard !inspection.files.isEmpty || !mustHaveFiles else {
            throw MartletError(.notFound, "There are no files at '\(source)': log the model to the run first.")
        }
        let now = clock.now
        let outbox = outbox
        let version = try await changeModel(model, touching: true) { connection, key in
            let number = key.number
            if let uniqueTag, let value = tags.last(where: { $0.key == uniqueTag })?.value {
                let known = try Self.version(connection, number, taggedWith: ModelTag(key: uniqueTag, value: value))
                if let known { return known }
            }
            let version = try Self.nextVersion(connection, number)
            try connection.execute(
                """
                INSERT INTO model_versions (model_number, version, is_deleted, description, stage, source, artifact_uri,
                    download_uri, run_id, run_link, creation_time, last_update_time)
                VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .integer(number), .integer(version), .text(description), .text(ModelVersion.Stage.none.rawValue),
                    .text(origin.source), .text(origin.artifactURI), .text(origin.downloadURI), .text(origin.runID),
                    .text(runLink), .integer(now.milliseconds), .integer(now.milliseconds),
                ]
            )
            for tag in tags { try Self.putTag(connection, number, version, tag) }
            try Self.fix(inspection, connection, number, version, now: now)
            let made = try Self.version(connection, model, Int(version))
            connection.note(
                Change(object: Self.object(model, version: made.version), before: nil, after: made.noted(inspection))
            )
            try outbox.record(connection, .versionCreated(made, isPrompt: Self.isPrompt(tags)))
            return made
        }
        outbox.committed()
        if let loggedModel = origin.loggedModel {
            try await sources.registered(loggedModel, model, version.version)
        }
        return version
    }

    /// What a caller said about where a version comes from.
    private struct Request {
        let source: String
        let runID: String?
        let modelID: String?
        let mustNameOwner: Bool
    }

    /// Where a version's files lie and which run made them.
    private struct Origin {
        /// The source as it is recorded: `models:/name@alias` becomes the version that it means.
        let source: String
        let artifactURI: String
        let downloadURI: String
        let runID: String
        var loggedModel: String?
    }

    private func origin(of request: Request, isPrompt: Bool) async throws -> Origin {
        let source = request.source
        switch try ModelSourceURI(source, isPrompt: isPrompt) {
        case .prompt:
            return Origin(source: source, artifactURI: source, downloadURI: source, runID: request.runID ?? "")
        case .loggedModel(let id):
            let isNamed = request.modelID == id || (request.modelID == nil && !request.mustNameOwner)
            guard isNamed else { throw ModelSourceURI.notTheOwner(source, "model_id") }
            let model = try await sources.loggedModel(id)
            return Origin(
                source: source,
                artifactURI: model.artifactURI,
                downloadURI: model.artifactURI,
                runID: request.runID ?? model.runID ?? "",
                loggedModel: id
            )
        case .version(let name, let reference):
            return try await origin(of: request, version: name, reference)
        case .run(let id, let path):
            guard request.modelID == nil else { throw ModelSourceURI.notTheOwner(source, "model_id") }
            let isNamed = request.runID == id || (request.runID == nil && !request.mustNameOwner)
            guard isNamed else { throw ModelSourceURI.notTheOwner(source, "run_id") }
            let root = try await runArtifactURI(id)
            let folder = root.map { path.isEmpty ? $0 : "\($0)/\(path)" }
            return Origin(source: source, artifactURI: folder ?? source, downloadURI: source, runID: id)
        case .store(let path):
            let run = try await owner(of: path, request)
            let uri = ArtifactURI.uri(of: path)
            return Origin(source: source, artifactURI: uri, downloadURI: uri, runID: run, loggedModel: request.modelID)
        case .foreign(let uri):
            var run = request.runID
            if let id = request.modelID {
                let model = try await sources.loggedModel(id)
                run = run ?? model.runID
            }
            return Origin(
                source: uri,
                artifactURI: uri,
                downloadURI: uri,
                runID: run ?? "",
                loggedModel: request.modelID
            )
        }
    }

    /// The root of a run's artifacts; nil if there is no such run, which may lie on another server.
    private func runArtifactURI(_ id: String) async throws -> String? {
        do {
            return try await sources.runArtifactURI(id)
        } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
            return nil
        }
    }

    /// A copy of another version: its files and its run.
    private func origin(
        of request: Request,
        version name: String,
        _ reference: ModelSourceURI.Reference
    ) async throws -> Origin {
        try RegistryRules.checkName(name)
        let key = try await database.read { try Self.modelKey($0, name) }
        guard !key.isPrompt else {
            throw ModelSourceURI.refusal(request.source, "Prompt versions cannot be used as model version sources")
        }
        let other = try await version(name, reference)
        guard request.modelID == nil, request.runID == nil || request.runID == other.runID else {
            throw ModelSourceURI.refusal(
                request.source,
                "The run_id and model_id request parameters must match the referenced model version"
            )
        }
        return Origin(
            source: "models:/\(name)/\(other.version)",
            artifactURI: other.artifactURI,
            downloadURI: other.downloadURI,
            runID: other.runID
        )
    }

    private func version(_ name: String, _ reference: ModelSourceURI.Reference) async throws -> ModelVersion {
        switch reference {
        case .version(let version): return try await self.version(name, version)
        case .alias(let alias): return try await self.version(name, resolve(alias: alias, of: name))
        case .latest: return try await self.version(name, resolve(alias: "latest", of: name))
        case .stage(let stage):
            guard let version = try await latestVersions(of: name, stages: [stage]).last else {
                throw MartletError(
                    .notFound,
                    "No versions of model with name '\(name)' and stage '\(stage.rawValue)' found"
                )
            }
            return version
        }
    }

    /// The run whose artifacts, or whose logged model's artifacts, a path of the store lies beneath.
    ///
    /// Without this check a version could be pointed at another run's or another model's files.
    private func owner(of path: ArtifactPath, _ request: Request) async throws -> String {
        if let modelID = request.modelID {
            let model = try await loggedModel(modelID, source: request.source)
            guard let root = ArtifactURI.path(of: model.artifactURI), path.relative(to: root) != nil else {
                throw ModelSourceURI.notTheOwner(request.source, "model_id")
            }
            return request.runID ?? model.runID ?? ""
        }
        guard let runID = request.runID, let uri = try await runArtifactURI(runID),
            let root = ArtifactURI.path(of: uri), path.relative(to: root) != nil
        else { throw ModelSourceURI.notTheOwner(request.source, "run_id") }
        return runID
    }

    private func loggedModel(_ id: String, source: String) async throws -> ModelSources.LoggedModel {
        do {
            return try await sources.loggedModel(id)
        } catch let error as MartletError where error.code == .notFound {
            throw ModelSourceURI.notTheOwner(source, "model_id")
        }
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
    ) throws -> ModelVersion? {
        let rows = try connection.query(
            """
            SELECT \(versionColumns) FROM \(versionSource) JOIN model_version_tags t
                ON t.model_number = v.model_number AND t.version = v.version
            WHERE v.model_number = ? AND v.is_deleted = 0 AND t.tag_key = ? AND t.tag_value = ?
            ORDER BY v.version LIMIT 1
            """,
            [.integer(number), .text(tag.key), .text(tag.value)]
        )
        return try versions(connection, rows).first
    }

    static func putFile(_ connection: Connection, _ number: Int64, _ version: Int64, _ file: ModelFile) throws {
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
