import Core
import Storage

/// Registered models: create, read, rename, describe, tag, delete.
extension RegistryStore {
    /// The tag that makes a registered model one of MLflow's prompts.
    static let promptTag = "mlflow.prompt.is_prompt"
    /// The tag of a prompt's version that holds its text.
    static let promptTextTag = "mlflow.prompt.text"

    /// A registered model as changes need it.
    struct ModelKey {
        /// The number that its rows carry.
        let number: Int64
        /// Whether it is one of MLflow's prompts.
        let isPrompt: Bool
    }

    /// Whether tags make a prompt of what they are on; of several with the same key the last one counts.
    static func isPrompt(_ tags: [ModelTag]) -> Bool {
        tags.last { $0.key == promptTag }?.value.lowercased() == "true"
    }

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
        let isPrompt = Self.isPrompt(tags)
        let outbox = outbox
        let model = try await database.write { connection in
            let other = try connection.first("SELECT is_prompt FROM registered_models WHERE name = ?", [.text(name)])
            if let other { throw Self.nameTaken(name, by: try other.bool("is_prompt"), isPrompt: isPrompt) }
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
            let model = try Self.model(connection, name)
            connection.note(Change(object: Self.object(name), before: nil, after: model.noted))
            try outbox.record(
                connection,
                .modelCreated(name: name, description: description ?? "", tags: model.tags, isPrompt: isPrompt)
            )
            return model
        }
        outbox.committed()
        return model
    }

    private static func nameTaken(_ name: String, by otherIsPrompt: Bool, isPrompt: Bool) -> MartletError {
        func noun(_ isPrompt: Bool) -> String { isPrompt ? "Prompt" : "Registered Model" }
        guard otherIsPrompt != isPrompt else {
            return MartletError(.alreadyExists, "\(noun(isPrompt)) (name=\(name)) already exists.")
        }
        return MartletError(
            .alreadyExists,
            "Tried to create a \(noun(isPrompt).lowercased()) with name '\(name)', but the name is already taken by a "
                + "\(noun(otherIsPrompt).lowercased()). MLflow does not allow creating a model and a prompt with the "
                + "same name."
        )
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
        let rows = try connection.query("SELECT * FROM registered_models WHERE name = ?", [.text(name)])
        guard let model = try models(connection, rows).first else { throw noModel(name) }
        return model
    }

    static func noModel(_ name: String) -> MartletError {
        MartletError(.notFound, "Registered Model with name=\(name.prefix(300)) not found")
    }

    /// Changes a registered model's description.
    ///
    /// - Throws: `notFound`, `invalidArgument`.
    package func describeModel(_ name: String, _ description: String?) async throws -> RegisteredModel {
        try RegistryRules.checkDescription(description ?? "")
        return try await changeModel(name, touching: true) { connection, key in
            let before = try Self.model(connection, name).description
            connection.note(
                Change(
                    object: Self.object(name),
                    before: ["description": .optional(before)],
                    after: ["description": .optional(description)]
                )
            )
            try connection.execute(
                "UPDATE registered_models SET description = ? WHERE model_number = ?",
                [SQLValue(description), .integer(key.number)]
            )
            return try Self.model(connection, name)
        }
    }

    /// Renames a registered model with its versions and aliases.
    ///
    /// - Throws: `notFound`, `alreadyExists`, `invalidArgument`.
    package func renameModel(_ name: String, to newName: String) async throws -> RegisteredModel {
        try RegistryRules.checkName(newName, field: "new_name")
        let now = clock.now
        let model = try await changeModel(name, touching: true) { connection, key in
            let other = try connection.first(
                "SELECT name FROM registered_models WHERE name = ? AND model_number <> ?",
                [.text(newName), .integer(key.number)]
            )
            guard other == nil else {
                throw MartletError(.alreadyExists, "Registered Model (name=\(newName)) already exists.")
            }
            try Self.checkRename(connection, name, to: newName)
            connection.note(
                Change(object: Self.object(name), before: ["name": .string(name)], after: ["name": .string(newName)])
            )
            try connection.execute(
                "UPDATE registered_models SET name = ? WHERE model_number = ?",
                [.text(newName), .integer(key.number)]
            )
            try connection.execute(
                "UPDATE model_versions SET last_update_time = ? WHERE model_number = ? AND is_deleted = 0",
                [.integer(now.milliseconds), .integer(key.number)]
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
        let aliases = try await changeModel(name) { connection, key in
            let before = try Self.model(connection, name)
            let aliases = before.aliases
            connection.note(Change(object: Self.object(name), before: before.noted, after: nil))
            let tables = [
                "model_aliases", "model_version_files", "model_version_tags", "model_version_supply",
                "model_version_signatures", "model_versions", "registered_model_tags", "registered_models",
            ]
            for table in tables {
                try connection.execute("DELETE FROM \(table) WHERE model_number = ?", [.integer(key.number)])
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
        let outbox = outbox
        try await changeModel(name) { connection, key in
            let before = try Self.model(connection, name).tags.first { $0.key == tag.key }?.value
            connection.note(
                Change(
                    object: Self.object(name, tag: tag.key),
                    before: before.map(JSONValue.string),
                    after: .string(tag.value)
                )
            )
            try Self.putTag(connection, key.number, tag)
            try Self.refreshPromptMark(connection, key.number, after: tag.key)
            try outbox.record(connection, .modelTagSet(name: name, tag: tag, isPrompt: key.isPrompt))
        }
        outbox.committed()
    }

    /// Deletes a tag of a registered model; nothing happens if there is none.
    ///
    /// - Throws: `notFound` for the model, `invalidArgument`.
    package func deleteModelTag(_ name: String, key tagKey: String) async throws {
        try RegistryRules.checkTagKey(tagKey)
        let outbox = outbox
        try await changeModel(name) { connection, key in
            let before = try Self.model(connection, name).tags.first { $0.key == tagKey }?.value
            let deleted = try connection.execute(
                "DELETE FROM registered_model_tags WHERE model_number = ? AND tag_key = ?",
                [.integer(key.number), .text(tagKey)]
            )
            guard deleted > 0 else { return }
            connection.note(
                Change(object: Self.object(name, tag: tagKey), before: before.map(JSONValue.string), after: nil)
            )
            try Self.refreshPromptMark(connection, key.number, after: tagKey)
            try outbox.record(connection, .modelTagDeleted(name: name, key: tagKey, isPrompt: key.isPrompt))
        }
        outbox.committed()
    }

    /// Keeps the mark that searches use in step with the tag that it stands for.
    private static func refreshPromptMark(_ connection: Connection, _ number: Int64, after tagKey: String) throws {
        guard tagKey == promptTag else { return }
        let row = try connection.first(
            "SELECT tag_value FROM registered_model_tags WHERE model_number = ? AND tag_key = ?",
            [.integer(number), .text(promptTag)]
        )
        let isPrompt = row?.optionalText("tag_value")?.lowercased() == "true"
        try connection.execute(
            "UPDATE registered_models SET is_prompt = ? WHERE model_number = ?",
            [.bool(isPrompt), .integer(number)]
        )
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

    /// Runs a change of an existing registered model; with `touching` it counts as changed itself.
    func changeModel<Value: Sendable>(
        _ name: String,
        touching: Bool = false,
        _ change: @escaping @Sendable (Connection, ModelKey) throws -> Value
    ) async throws -> Value {
        let now = clock.now
        return try await database.write { connection in
            let key = try Self.modelKey(connection, name)
            if touching { try Self.touch(connection, key.number, now) }
            return try change(connection, key)
        }
    }

    static func modelKey(_ connection: Connection, _ name: String) throws -> ModelKey {
        let row = try connection.first(
            "SELECT model_number, is_prompt FROM registered_models WHERE name = ?",
            [.text(name)]
        )
        guard let row else { throw noModel(name) }
        return ModelKey(number: try row.int("model_number"), isPrompt: try row.bool("is_prompt"))
    }

    static func touch(_ connection: Connection, _ number: Int64, _ now: Timestamp) throws {
        try connection.execute(
            "UPDATE registered_models SET last_update_time = ? WHERE model_number = ?",
            [.integer(now.milliseconds), .integer(number)]
        )
    }
}
