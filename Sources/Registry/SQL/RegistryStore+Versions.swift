import Artifacts
import Core
import Storage

/// Versions: read, describe, tag, move between stages, delete, verify.
extension RegistryStore {
    /// A version of a registered model.
    ///
    /// - Throws: `notFound`.
    package func version(_ model: String, _ version: Int) async throws -> ModelVersion {
        try await database.read { try Self.version($0, model, version) }
    }

    /// All versions of a registered model, newest first.
    ///
    /// - Throws: `notFound` for the model.
    package func versions(of model: String) async throws -> [ModelVersion] {
        try await database.read { connection in
            let number = try Self.modelNumber(connection, model)
            let rows = try connection.query(
                "SELECT * FROM model_versions WHERE model_number = ? AND is_deleted = 0 ORDER BY version DESC",
                [.integer(number)]
            )
            return try rows.map { try Self.version(connection, $0, name: model) }
        }
    }

    /// The highest version of each of the given stages, or of every stage.
    ///
    /// - Throws: `notFound` for the model.
    package func latestVersions(of model: String, stages: [ModelVersion.Stage] = []) async throws -> [ModelVersion] {
        let latest = try await self.model(model).latestVersions
        return stages.isEmpty ? latest : latest.filter { stages.contains($0.stage) }
    }

    static func version(_ connection: Connection, _ model: String, _ version: Int) throws -> ModelVersion {
        let number = try modelNumber(connection, model)
        let row = try connection.first(
            "SELECT * FROM model_versions WHERE model_number = ? AND version = ? AND is_deleted = 0",
            [.integer(number), .int(version)]
        )
        guard let row else { throw noVersion(model, version) }
        return try self.version(connection, row, name: model)
    }

    static func noVersion(_ model: String, _ version: Int) -> MartletError {
        MartletError(.notFound, "Model Version (name=\(model.prefix(200)), version=\(version)) not found")
    }

    /// Reads a version from its row and adds what belongs to it.
    static func version(_ connection: Connection, _ row: Row, name: String) throws -> ModelVersion {
        let key: [SQLValue] = [.integer(try row.int("model_number")), .integer(try row.int("version"))]
        let tags = try connection.query(
            "SELECT * FROM model_version_tags WHERE model_number = ? AND version = ? ORDER BY tag_key",
            key
        )
        let aliases = try connection.query(
            "SELECT alias FROM model_aliases WHERE model_number = ? AND version = ? ORDER BY alias",
            key
        )
        guard let stage = ModelVersion.Stage(rawValue: try row.text("stage")) else {
            throw MartletError(.dataLoss, "A version of model '\(name)' has an unknown stage.")
        }
        return ModelVersion(
            name: name,
            version: Int(try row.int("version")),
            creationTime: try row.timestamp("creation_time"),
            lastUpdateTime: try row.timestamp("last_update_time"),
            description: try row.text("description"),
            stage: stage,
            source: try row.text("source"),
            artifactURI: try row.text("artifact_uri"),
            runID: try row.text("run_id"),
            runLink: try row.text("run_link"),
            tags: try tags.map { ModelTag(key: try $0.text("tag_key"), value: try $0.text("tag_value")) },
            aliases: try aliases.map { try $0.text("alias") }
        )
    }

    /// Changes a version's description.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func describeVersion(_ model: String, _ version: Int, _ description: String) async throws -> ModelVersion {
        try RegistryRules.checkDescription(description)
        return try await changeVersion(model, version) { connection, number in
            try connection.execute(
                "UPDATE model_versions SET description = ? WHERE model_number = ? AND version = ?",
                [.text(description), .integer(number), .int(version)]
            )
            return try Self.version(connection, model, version)
        }
    }

    /// Sets a tag of a version.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func setVersionTag(_ model: String, _ version: Int, _ tag: ModelTag) async throws {
        try RegistryRules.checkTags([tag])
        try await changeVersion(model, version) { connection, number in
            try Self.putTag(connection, number, Int64(version), tag)
        }
    }

    /// Deletes a tag of a version; nothing happens if there is none.
    ///
    /// - Throws: `notFound` for the version.
    package func deleteVersionTag(_ model: String, _ version: Int, key: String) async throws {
        try await changeVersion(model, version) { connection, number in
            _ = try connection.execute(
                "DELETE FROM model_version_tags WHERE model_number = ? AND version = ? AND tag_key = ?",
                [.integer(number), .int(version), .text(key)]
            )
        }
    }

    static func putTag(_ connection: Connection, _ number: Int64, _ version: Int64, _ tag: ModelTag) throws {
        try connection.execute(
            """
            INSERT INTO model_version_tags (model_number, version, tag_key, tag_value) VALUES (?, ?, ?, ?)
            ON CONFLICT (model_number, version, tag_key) DO UPDATE SET tag_value = excluded.tag_value
            """,
            [.integer(number), .integer(version), .text(tag.key), .text(tag.value)]
        )
    }

    /// Moves a version to a stage; with `archivingOthers` the versions that are there go to Archived.
    ///
    /// - Throws: `notFound`; `invalidArgument` for archiving others of a stage that is not Staging or Production.
    package func transition(
        _ model: String,
        _ version: Int,
        to stage: ModelVersion.Stage,
        archivingOthers: Bool = false
    ) async throws -> ModelVersion {
        guard !archivingOthers || stage == .staging || stage == .production else {
            throw MartletError(
                .invalidArgument,
                "Model version transition cannot archive existing model versions because '\(stage.rawValue)' is not an "
                    + "Active stage. Valid stages are Staging, Production."
            )
        }
        let now = clock.now
        return try await changeVersion(model, version) { connection, number in
            if archivingOthers {
                try connection.execute(
                    """
                    UPDATE model_versions SET stage = ?, last_update_time = ?
                    WHERE model_number = ? AND stage = ? AND version <> ? AND is_deleted = 0
                    """,
                    [
                        .text(ModelVersion.Stage.archived.rawValue), .integer(now.milliseconds), .integer(number),
                        .text(stage.rawValue), .int(version),
                    ]
                )
            }
            try connection.execute(
                "UPDATE model_versions SET stage = ? WHERE model_number = ? AND version = ?",
                [.text(stage.rawValue), .integer(number), .int(version)]
            )
            return try Self.version(connection, model, version)
        }
    }

    /// Deletes a version and the aliases that point to it; its number is not used again, its files stay.
    ///
    /// - Throws: `notFound`.
    package func deleteVersion(_ model: String, _ version: Int) async throws {
        let aliases = try await changeVersion(model, version) { connection, number in
            let aliases = try Self.version(connection, model, version).aliases
            let key: [SQLValue] = [.integer(number), .int(version)]
            for table in ["model_aliases", "model_version_files", "model_version_tags"] {
                try connection.execute("DELETE FROM \(table) WHERE model_number = ? AND version = ?", key)
            }
            try connection.execute(
                """
                UPDATE model_versions SET is_deleted = 1, source = '', artifact_uri = '', run_id = '', run_link = '',
                    description = '' WHERE model_number = ? AND version = ?
                """,
                key
            )
            return aliases
        }
        for alias in aliases { onAliasChange(AliasChange(model: model, alias: alias, version: nil)) }
    }

    /// Runs a change of an existing version and records when it happened.
    private func changeVersion<Value: Sendable>(
        _ model: String,
        _ version: Int,
        _ change: @escaping @Sendable (Connection, Int64) throws -> Value
    ) async throws -> Value {
        let now = clock.now
        return try await changeModel(model) { connection, number in
            let changed = try connection.execute(
                """
                UPDATE model_versions SET last_update_time = ?
                WHERE model_number = ? AND version = ? AND is_deleted = 0
                """,
                [.integer(now.milliseconds), .integer(number), .int(version)]
            )
            guard changed > 0 else { throw Self.noVersion(model, version) }
            return try change(connection, number)
        }
    }

    /// The files of a version as they were when it was registered, by path.
    ///
    /// - Throws: `notFound`.
    package func files(of model: String, _ version: Int) async throws -> [ModelFile] {
        try await database.read { connection in
            _ = try Self.version(connection, model, version)
            let rows = try connection.query(
                "SELECT * FROM model_version_files WHERE model_number = ? AND version = ? ORDER BY file_path",
                [.integer(try Self.modelNumber(connection, model)), .int(version)]
            )
            return try rows.map { row in
                ModelFile(
                    path: try row.text("file_path"),
                    digest: ArtifactDigest(size: try row.int("file_size"), sha256: try row.text("sha256"))
                )
            }
        }
    }

    /// Compares the files of a version with what they were when it was registered.
    ///
    /// - Throws: `dataLoss` naming the first file that is missing or changed; `notFound` for the version.
    package func verifyFiles(of model: String, _ version: Int) async throws {
        let files = try await files(of: model, version)
        guard !files.isEmpty else { return }
        let root = try await self.version(model, version).artifactPath
        for file in files {
            let found: ArtifactDigest?
            do {
                found = try await artifacts.digest(root.appending(file.path))
            } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
                found = nil
            }
            guard found != file.digest else { continue }
            throw MartletError(
                .dataLoss,
                "File '\(file.path)' of version \(version) of model '\(model)' is \(found == nil ? "missing" : "changed (its SHA-256 differs)") "
                    + "since it was registered: restore it from a backup, or register the model again."
            )
        }
    }
}
