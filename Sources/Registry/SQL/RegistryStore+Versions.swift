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
            let rows = try connection.query(
                """
                SELECT \(Self.versionColumns) FROM \(Self.versionSource)
                WHERE v.model_number = ? AND v.is_deleted = 0 ORDER BY v.version DESC
                """,
                [.integer(try Self.modelKey(connection, model).number)]
            )
            return try Self.versions(connection, rows)
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
        let rows = try connection.query(
            """
            SELECT \(versionColumns) FROM \(versionSource)
            WHERE v.model_number = ? AND v.version = ? AND v.is_deleted = 0
            """,
            [.integer(try modelKey(connection, model).number), .int(version)]
        )
        guard let version = try versions(connection, rows).first else { throw noVersion(model, version) }
        return version
    }

    /// Throws `notFound` unless a model has a version of that number.
    static func requireVersion(_ connection: Connection, _ key: ModelKey, _ model: String, _ version: Int) throws {
        let row = try connection.first(
            "SELECT version FROM model_versions WHERE model_number = ? AND version = ? AND is_deleted = 0",
            [.integer(key.number), .int(version)]
        )
        guard row != nil else { throw noVersion(model, version) }
    }

    static func noVersion(_ model: String, _ version: Int) -> MartletError {
        MartletError(.notFound, "Model Version (name=\(model.prefix(300)), version=\(version)) not found")
    }

    /// Changes a version's description.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func describeVersion(_ model: String, _ version: Int, _ description: String) async throws -> ModelVersion {
        try RegistryRules.checkDescription(description)
        return try await changeVersion(model, version) { connection, key in
            let before = try Self.version(connection, model, version).description
            connection.note(
                Change(
                    object: Self.object(model, version: version),
                    before: ["description": .string(before)],
                    after: ["description": .string(description)]
                )
            )
            try connection.execute(
                "UPDATE model_versions SET description = ? WHERE model_number = ? AND version = ?",
                [.text(description), .integer(key.number), .int(version)]
            )
            return try Self.version(connection, model, version)
        }
    }

    /// Sets a tag of a version.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func setVersionTag(_ model: String, _ version: Int, _ tag: ModelTag) async throws {
        try RegistryRules.checkTags([tag])
        let outbox = outbox
        try await changeModel(model) { connection, key in
            let before = try Self.version(connection, model, version).tag(tag.key)
            connection.note(
                Change(
                    object: Self.object(model, version: version, tag: tag.key),
                    before: before.map(JSONValue.string),
                    after: .string(tag.value)
                )
            )
            try Self.putTag(connection, key.number, Int64(version), tag)
            try outbox.record(
                connection,
                .versionTagSet(name: model, version: version, tag: tag, isPrompt: key.isPrompt)
            )
        }
        outbox.committed()
    }

    /// Deletes a tag of a version; nothing happens if there is none.
    ///
    /// - Throws: `notFound` for the version, `invalidArgument`.
    package func deleteVersionTag(_ model: String, _ version: Int, key tagKey: String) async throws {
        try RegistryRules.checkTagKey(tagKey)
        let outbox = outbox
        try await changeModel(model) { connection, key in
            let before = try Self.version(connection, model, version).tag(tagKey)
            let deleted = try connection.execute(
                "DELETE FROM model_version_tags WHERE model_number = ? AND version = ? AND tag_key = ?",
                [.integer(key.number), .int(version), .text(tagKey)]
            )
            guard deleted > 0 else { return }
            connection.note(
                Change(
                    object: Self.object(model, version: version, tag: tagKey),
                    before: before.map(JSONValue.string),
                    after: nil
                )
            )
            try outbox.record(
                connection,
                .versionTagDeleted(name: model, version: version, key: tagKey, isPrompt: key.isPrompt)
            )
        }
        outbox.committed()
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
        return try await changeVersion(model, version, touchingModel: true) { connection, key in
            let number = key.number
            let before = try Self.version(connection, model, version).stage
            connection.note(
                Change(
                    object: Self.object(model, version: version),
                    before: ["stage": .string(before.rawValue)],
                    after: ["stage": .string(stage.rawValue), "archiving_others": .bool(archivingOthers)]
                )
            )
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
        let aliases = try await changeVersion(model, version, touchingModel: true) { connection, key in
            let before = try Self.version(connection, model, version)
            let aliases = before.aliases
            connection.note(Change(object: Self.object(model, version: version), before: before.noted(), after: nil))
            let place: [SQLValue] = [.integer(key.number), .int(version)]
            let tables = [
                "model_aliases", "model_version_files", "model_version_tags", "model_version_supply",
                "model_version_signatures",
            ]
            for table in tables {
                try connection.execute("DELETE FROM \(table) WHERE model_number = ? AND version = ?", place)
            }
            // Where its files lie stays: they are kept for a while, should a deployment have to go back to it.
            try connection.execute(
                """
                UPDATE model_versions SET is_deleted = 1, source = '', download_uri = NULL, run_id = '', run_link = '',
                    description = '' WHERE model_number = ? AND version = ?
                """,
                place
            )
            return aliases
        }
        for alias in aliases { onAliasChange(AliasChange(model: model, alias: alias, version: nil)) }
    }

    /// Runs a change of an existing version and records when it happened; with `touchingModel` for its model too.
    private func changeVersion<Value: Sendable>(
        _ model: String,
        _ version: Int,
        touchingModel: Bool = false,
        _ change: @escaping @Sendable (Connection, ModelKey) throws -> Value
    ) async throws -> Value {
        let now = clock.now
        return try await changeModel(model, touching: touchingModel) { connection, key in
            let changed = try connection.execute(
                """
                UPDATE model_versions SET last_update_time = ?
                WHERE model_number = ? AND version = ? AND is_deleted = 0
                """,
                [.integer(now.milliseconds), .integer(key.number), .int(version)]
            )
            guard changed > 0 else { throw Self.noVersion(model, version) }
            return try change(connection, key)
        }
    }
}
