import Core
import Storage

/// Registered models: create, read, rename, describe, tag, delete.
extension RegistryStore {
    /// The tag that makes a registered model one of MLflow's prompts.
    static let promptTag = "mlflow.prompt.is_prompt"

    /// Creates a registered model without versions.
    ///
    /// - Throws: `alreadyExists`, `invalidArgument`.
    @discardableResult
    package func createModel(
        name: String,
        description: String? = nil,
        tags: [ModelTag] = []
    ) async throws -> RegisteredModel {
        try RegistryRules.checkName(name)
        try RegistryRules.checkTags(tags)
        try RegistryRules.checkDescription(description ?? "")
        let now = clock.now
        let isPrompt = tags.contains { $0.key == Self.promptTag && $0.value.lowercased() == "true" }
        return try await database.write { connection in
            let other = try connection.first("SELECT is_prompt FROM registered_models WHERE name = ?", [.text(name)])
            if let other {
                let otherIsPrompt = try other.bool("is_prompt")
                let reason =
                    otherIsPrompt == isPrompt ? "" : " It is a \(otherIsPrompt ? "prompt" : "model"): use another name."
                throw MartletError(.alreadyExists, "Registered Model (name=\(name)) already exists.\(reason)")
            }
            let last = try connection.first("SELECT COALESCE(MAX(model_number), 0) AS last FROM registered_models")
            let number = try (last?.int("last") ?? 0) + 1
            try connection.execute(
                """
                INSERT INTO registered_models (model_number, name, description, is_prompt, last_version, creation_time,
                    last_update_time) VALUES (?, ?, ?, ?, 0, ?, ?)
                """,
                [
                    .integer(number), .text(name), SQLValue(description), .bool(isPrompt), .integer(now.milliseconds),
                    .integer(now.milliseconds),
                ]
            )
            for tag in tags { try Self.putTag(connection, number, tag) }
            return try Self.model(connection, name)
        }
    }

    /// A registered model.
    ///
    /// - Throws: `notFound`.
    package func model(_ name: String) async throws -> RegisteredModel {
        try await database.read { try Self.model($0, name) }
    }

    /// All registered models that are not prompts, by name.
    package func models() async throws -> [RegisteredModel] {
        var models: [RegisteredModel] = []
        var token: String?
        repeat {
            let page = try await searchModels(limit: RegistryLimits.modelResults, after: token)
            models += page.models
            token = page.nextToken
        } while token != nil
        return models
    }

    static func model(_ connection: Connection, _ name: String) throws -> RegisteredModel {
        guard let row = try connection.first("SELECT * FROM registered_models WHERE name = ?", [.text(name)]) else {
            throw noModel(name)
        }
        return try model(connection, row)
    }

    static func noModel(_ name: String) -> MartletError {
        MartletError(.notFound, "Registered Model with name=\(name.prefix(200)) not found")
    }

    /// Reads a registered model from its row and adds what belongs to it.
    static func model(_ connection: Connection, _ row: Row) throws -> RegisteredModel {
        let number = SQLValue.integer(try row.int("model_number"))
        let name = try row.text("name")
        let tags = try connection.query(
            "SELECT * FROM registered_model_tags WHERE model_number = ? ORDER BY tag_key",
            [number]
        )
        let aliases = try connection.query(
            "SELECT * FROM model_aliases WHERE model_number = ? ORDER BY alias",
            [number]
        )
        let latest = try connection.query(
            """
            SELECT * FROM model_versions v WHERE v.model_number = ? AND v.is_deleted = 0 AND v.version =
                (SELECT MAX(o.version) FROM model_versions o
                WHERE o.model_number = v.model_number AND o.is_deleted = 0 AND o.stage = v.stage)
            ORDER BY v.version
            """,
            [number]
        )
        return RegisteredModel(
            name: name,
            description: row.optionalText("description"),
            creationTime: try row.timestamp("creation_time"),
            lastUpdateTime: try row.timestamp("last_update_time"),
            tags: try tags.map { ModelTag(key: try $0.text("tag_key"), value: try $0.text("tag_value")) },
            aliases: try aliases.map { ModelAlias(name: try $0.text("alias"), version: Int(try $0.int("version"))) },
            latestVersions: try latest.map { try version(connection, $0, name: name) }
        )
    }

    /// Changes a registered model's description.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func describeModel(_ name: String, _ description: String?) async throws -> RegisteredModel {
        try RegistryRules.checkDescription(description ?? "")
        return try await changeModel(name) { connection, number in
            try connection.execute(
                "UPDATE registered_models SET description = ? WHERE model_number = ?",
                [SQLValue(description), .integer(number)]
            )
            return try Self.model(connection, name)
        }
    }

    /// Renames a registered model with its versions and aliases.
    ///
    /// - Throws: `notFound`, `alreadyExists`, `invalidArgument`.
    package func renameModel(_ name: String, to newName: String) async throws -> RegisteredModel {
        try RegistryRules.checkName(newName)
        let model = try await changeModel(name) { connection, number in
            let other = try connection.first(
                "SELECT name FROM registered_models WHERE name = ? AND model_number <> ?",
                [.text(newName), .integer(number)]
            )
            guard other == nil else {
                throw MartletError(.alreadyExists, "Registered Model (name=\(newName)) already exists.")
            }
            try connection.execute(
                "UPDATE registered_models SET name = ? WHERE model_number = ?",
                [.text(newName), .integer(number)]
            )
            return try Self.model(connection, newName)
        }
        for alias in model.aliases where name != newName {
            onAliasChange(AliasChange(model: name, alias: alias.name, version: nil))
            onAliasChange(AliasChange(model: newName, alias: alias.name, version: alias.version))
        }
        return model
    }

    /// Deletes a registered model with its versions, tags and aliases; the files stay.
    ///
    /// - Throws: `notFound`.
    package func deleteModel(_ name: String) async throws {
        let aliases = try await changeModel(name) { connection, number in
            let aliases = try Self.model(connection, name).aliases
            let tables = [
                "model_aliases", "model_version_files", "model_version_tags", "model_versions", "registered_model_tags",
                "registered_models",
            ]
            for table in tables {
                try connection.execute("DELETE FROM \(table) WHERE model_number = ?", [.integer(number)])
            }
            return aliases
        }
        for alias in aliases { onAliasChange(AliasChange(model: name, alias: alias.name, version: nil)) }
    }

    /// Sets a tag of a registered model.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func setModelTag(_ name: String, _ tag: ModelTag) async throws {
        try RegistryRules.checkTags([tag])
        try await changeModel(name) { connection, number in try Self.putTag(connection, number, tag) }
    }

    /// Deletes a tag of a registered model; nothing happens if there is none.
    ///
    /// - Throws: `notFound` for the model.
    package func deleteModelTag(_ name: String, key: String) async throws {
        try await changeModel(name) { connection, number in
            _ = try connection.execute(
                "DELETE FROM registered_model_tags WHERE model_number = ? AND tag_key = ?",
                [.integer(number), .text(key)]
            )
        }
    }

    private static func putTag(_ connection: Connection, _ number: Int64, _ tag: ModelTag) throws {
        try connection.execute(
            """
            INSERT INTO registered_model_tags (model_number, tag_key, tag_value) VALUES (?, ?, ?)
            ON CONFLICT (model_number, tag_key) DO UPDATE SET tag_value = excluded.tag_value
            """,
            [.integer(number), .text(tag.key), .text(tag.value)]
        )
    }

    /// Runs a change of an existing registered model and records when it happened.
    func changeModel<Value: Sendable>(
        _ name: String,
        _ change: @escaping @Sendable (Connection, Int64) throws -> Value
    ) async throws -> Value {
        let now = clock.now
        return try await database.write { connection in
            let number = try Self.modelNumber(connection, name)
            try Self.touch(connection, number, now)
            return try change(connection, number)
        }
    }

    static func modelNumber(_ connection: Connection, _ name: String) throws -> Int64 {
        let row = try connection.first("SELECT model_number FROM registered_models WHERE name = ?", [.text(name)])
        guard let row else { throw noModel(name) }
        return try row.int("model_number")
    }

    static func touch(_ connection: Connection, _ number: Int64, _ now: Timestamp) throws {
        try connection.execute(
            "UPDATE registered_models SET last_update_time = ? WHERE model_number = ?",
            [.integer(now.milliseconds), .integer(number)]
        )
    }
}
