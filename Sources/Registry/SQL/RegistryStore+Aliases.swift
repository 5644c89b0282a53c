import Core
import Storage

/// Aliases: names that point to versions.
extension RegistryStore {
    /// Points an alias to a version, moving it if it points to another.
    ///
    /// - Throws: `notFound` for the model or version, `invalidArgument` for a name that is reserved or malformed.
    package func setAlias(model: String, alias: String, version: Int) async throws {
        try RegistryRules.checkAlias(alias)
        try await changeModel(model) { connection, number in
            _ = try Self.version(connection, model, version)
            try connection.execute(
                """
                INSERT INTO model_aliases (model_number, alias, version) VALUES (?, ?, ?)
                ON CONFLICT (model_number, alias) DO UPDATE SET version = excluded.version
                """,
                [.integer(number), .text(alias), .int(version)]
            )
        }
        onAliasChange(AliasChange(model: model, alias: alias, version: version))
    }

    /// Deletes an alias; nothing happens if there is none.
    ///
    /// - Throws: `notFound` for the model.
    package func deleteAlias(model: String, alias: String) async throws {
        let deleted = try await changeModel(model) { connection, number in
            try connection.execute(
                "DELETE FROM model_aliases WHERE model_number = ? AND alias = ?",
                [.integer(number), .text(alias)]
            )
        }
        if deleted > 0 { onAliasChange(AliasChange(model: model, alias: alias, version: nil)) }
    }

    /// The version that an alias points to; `latest` is the highest version.
    ///
    /// - Throws: `notFound` for the model; `invalidArgument` for the alias, as MLflow's clients expect.
    package func resolve(alias: String, of model: String) async throws -> Int {
        try await database.read { connection in
            let number = SQLValue.integer(try Self.modelNumber(connection, model))
            let row: Row?
            if alias.lowercased() == "latest" {
                row = try connection.first(
                    """
                    SELECT version FROM model_versions WHERE model_number = ? AND is_deleted = 0
                    ORDER BY version DESC LIMIT 1
                    """,
                    [number]
                )
            } else {
                row = try connection.first(
                    "SELECT version FROM model_aliases WHERE model_number = ? AND alias = ?",
                    [number, .text(alias)]
                )
            }
            guard let row else {
                throw MartletError(.invalidArgument, "Registered model alias \(alias.prefix(80)) not found.")
            }
            return Int(try row.int("version"))
        }
    }
}
