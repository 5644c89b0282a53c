import Core
import Storage

/// Aliases: names that point to versions.
extension RegistryStore {
    /// Points an alias to a version, moving it if it points to another.
    ///
    /// - Throws: `notFound` for the model or version, `invalidArgument` for a name that is reserved or malformed.
    package func setAlias(model: String, alias: String, version: Int) async throws {
        try RegistryRules.checkNewAlias(alias)
        let outbox = outbox
        try await changeModel(model) { connection, key in
            try Self.requireVersion(connection, key, model, version)
            try Self.checkPolicy(connection, model, alias: alias, version: version)
            let before = try Self.target(connection, key, alias)
            connection.note(
                Change(object: Self.object(model, alias: alias), before: before, after: ["version": .int(version)])
            )
            try connection.execute(
                """
                INSERT INTO model_aliases (model_number, alias, version) VALUES (?, ?, ?)
                ON CONFLICT (model_number, alias) DO UPDATE SET version = excluded.version
                """,
                [.integer(key.number), .text(alias), .int(version)]
            )
            let event = RegistryEvent.aliasSet(name: model, alias: alias, version: version, isPrompt: key.isPrompt)
            try outbox.record(connection, event)
        }
        onAliasChange(AliasChange(model: model, alias: alias, version: version))
        outbox.committed()
    }

    /// Deletes an alias; nothing happens if there is none.
    ///
    /// - Throws: `notFound` for the model, `invalidArgument` for a name that is malformed.
    package func deleteAlias(model: String, alias: String) async throws {
        try RegistryRules.checkAlias(alias)
        let outbox = outbox
        let deleted = try await changeModel(model) { connection, key in
            let before = try Self.target(connection, key, alias)
            connection.note(Change(object: Self.object(model, alias: alias), before: before, after: nil))
            let deleted = try connection.execute(
                "DELETE FROM model_aliases WHERE model_number = ? AND alias = ?",
                [.integer(key.number), .text(alias)]
            )
            if deleted > 0 {
                try outbox.record(connection, .aliasDeleted(name: model, alias: alias, isPrompt: key.isPrompt))
            }
            return deleted
        }
        guard deleted > 0 else { return }
        onAliasChange(AliasChange(model: model, alias: alias, version: nil))
        outbox.committed()
    }

    /// The versions that many aliases point to, by one or two queries; nil for each that there is not.
    ///
    /// `latest` is the highest version.
    package func resolve(_ wanted: [(alias: String, model: String)]) async throws -> [Int?] {
        let needsLatest = wanted.contains { $0.alias.lowercased() == "latest" }
        let (aliases, latest) = try await database.read { connection in
            let rows = try connection.query(
                """
                SELECT m.name AS name, a.alias AS alias, a.version AS version FROM model_aliases a
                JOIN registered_models m ON m.model_number = a.model_number
                """
            )
            var aliases: [String: [String: Int]] = [:]
            for row in rows {
                aliases[try row.text("name"), default: [:]][try row.text("alias")] = Int(try row.int("version"))
            }
            guard needsLatest else { return (aliases, [String: Int]()) }
            let newest = try Self.newest(connection).compactMap { row in row.version.map { (row.name, $0) } }
            return (aliases, Dictionary(newest) { first, _ in first })
        }
        return wanted.map { name in
            name.alias.lowercased() == "latest" ? latest[name.model] : aliases[name.model]?[name.alias]
        }
    }

    /// The models that are not prompts, by name, with the highest version of each; nil for a model without versions.
    package func newestVersions() async throws -> [(name: String, version: Int?)] {
        try await database.read { try Self.newest($0) }
    }

    private static func newest(_ connection: Connection) throws -> [(name: String, version: Int?)] {
        let rows = try connection.query(
            """
            SELECT m.name AS name, MAX(v.version) AS version FROM registered_models m
            LEFT JOIN model_versions v ON v.model_number = m.model_number AND v.is_deleted = 0
            WHERE m.is_prompt = 0 GROUP BY m.name ORDER BY m.name
            """
        )
        return try rows.map { (try $0.text("name"), $0.optionalInt("version").map { Int($0) }) }
    }

    /// The version that an alias points to; `latest` is the highest version.
    ///
    /// - Throws: `notFound` for the model, or for `latest` of a model without versions; `invalidArgument` for another
    ///   alias that there is not, as MLflow's clients expect.
    package func resolve(alias: String, of model: String) async throws -> Int {
        try RegistryRules.checkAlias(alias)
        return try await database.read { connection in
            let number = SQLValue.integer(try Self.modelKey(connection, model).number)
            guard alias.lowercased() != "latest" else {
                let row = try connection.first(
                    """
                    SELECT version FROM model_versions WHERE model_number = ? AND is_deleted = 0
                    ORDER BY version DESC LIMIT 1
                    """,
                    [number]
                )
                guard let row else {
                    throw MartletError(.notFound, "Latest version not found for model \(model.prefix(200)).")
                }
                return Int(try row.int("version"))
            }
            let row = try connection.first(
                "SELECT version FROM model_aliases WHERE model_number = ? AND alias = ?",
                [number, .text(alias)]
            )
            guard let row else {
                throw MartletError(.invalidArgument, "Registered model alias \(alias.prefix(300)) not found.")
            }
            return Int(try row.int("version"))
        }
    }
}
