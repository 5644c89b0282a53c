import Core
package import Storage

/// What moving in from another server writes: names, numbers and times are taken as they are.
extension RegistryStore {
    /// Writes a registered model with its versions; what is there already stays as it is.
    ///
    /// `also` runs in the same transaction. What comes back are the numbers of versions that were not taken in, because
    /// another version has their number here.
    package func importModel(
        _ model: ImportedModel,
        also: @escaping @Sendable (Connection) throws -> Void = { _ in }
    ) async throws -> [Int] {
        try RegistryRules.checkName(model.name, field: "name")
        var seen: [Int: Inspection] = [:]
        for version in model.versions where !version.isDeleted {
            seen[version.version] = try await inspect(version.artifactURI)
        }
        let inspections = seen
        let now = clock.now
        return try await database.write { connection in
            let number = try Self.importedModelNumber(connection, model)
            for tag in model.tags {
                try connection.execute(
                    """
                    INSERT INTO registered_model_tags (model_number, tag_key, tag_value) VALUES (?, ?, ?)
                    ON CONFLICT (model_number, tag_key) DO NOTHING
                    """,
                    [.integer(number), .text(tag.key), .text(tag.value)]
                )
            }
            var refused: [Int] = []
            for version in model.versions {
                let inspection = inspections[version.version] ?? Inspection()
                let isTaken = try Self.put(connection, number, version, inspection, now: now)
                if !isTaken { refused.append(version.version) }
            }
            let here = Set(model.versions.filter { !$0.isDeleted }.map(\.version)).subtracting(refused)
            for alias in model.aliases where here.contains(alias.version) {
                try Self.checkPolicy(connection, model.name, alias: alias.name, version: alias.version)
                try connection.execute(
                    """
                    INSERT INTO model_aliases (model_number, alias, version) VALUES (?, ?, ?)
                    ON CONFLICT (model_number, alias) DO NOTHING
                    """,
                    [.integer(number), .text(alias.name), .int(alias.version)]
                )
            }
            try also(connection)
            connection.note(
                Change(
                    object: Self.object(model.name),
                    before: nil,
                    after: ["imported_versions": .array(here.sorted().map { .int($0) })]
                )
            )
            return refused
        }
    }

    private static func importedModelNumber(_ connection: Connection, _ model: ImportedModel) throws -> Int64 {
        let last = Int64(model.versions.map(\.version).max() ?? 0)
        let known = try connection.first(
            "SELECT model_number FROM registered_models WHERE name = ?",
            [.text(model.name)]
        )
        if let known {
            let number = try known.int("model_number")
            try connection.execute(
                "UPDATE registered_models SET last_version = ? WHERE model_number = ? AND last_version < ?",
                [.integer(last), .integer(number), .integer(last)]
            )
            return number
        }
        let highest = try connection.first("SELECT COALESCE(MAX(model_number), 0) AS last FROM registered_models")
        let number = try (highest?.int("last") ?? 0) + 1
        let isPrompt = model.tags.contains { $0.key == promptTag && $0.value.lowercased() == "true" }
        try connection.execute(
            """
            INSERT INTO registered_models (model_number, name, description, is_prompt, last_version, creation_time,
                last_update_time) VALUES (?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .integer(number), .text(model.name), SQLValue(model.description), .bool(isPrompt), .integer(last),
                .integer(model.creationTime.milliseconds), .integer(model.lastUpdateTime.milliseconds),
            ]
        )
        return number
    }

    /// Writes a version; false if another one has its number.
    private static func put(
        _ connection: Connection,
        _ number: Int64,
        _ version: ImportedVersion,
        _ inspection: Inspection,
        now: Timestamp
    ) throws -> Bool {
        let key: [SQLValue] = [.integer(number), .int(version.version)]
        let known = try connection.first(
            "SELECT creation_time, is_deleted FROM model_versions WHERE model_number = ? AND version = ?",
            key
        )
        if let known {
            // Whoever deleted an imported version here does not want it back.
            if try known.bool("is_deleted") { return true }
            return try known.int("creation_time") == version.creationTime.milliseconds
        }
        try connection.execute(
            """
            INSERT INTO model_versions (model_number, version, is_deleted, description, stage, source, artifact_uri,
                download_uri, run_id, run_link, creation_time, last_update_time)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            key + [
                .bool(version.isDeleted), .text(version.description), .text(version.stage.rawValue),
                .text(version.isDeleted ? "" : version.source), .text(version.isDeleted ? "" : version.artifactURI),
                // Clients resolve `runs:/` themselves, and are told so.
                version.source.hasPrefix("runs:/") ? .text(version.source) : .null,
                .text(version.isDeleted ? "" : version.runID), .text(version.isDeleted ? "" : version.runLink),
                .integer(version.creationTime.milliseconds), .integer(version.lastUpdateTime.milliseconds),
            ]
        )
        guard !version.isDeleted else { return true }
        for tag in version.tags { try putTag(connection, number, Int64(version.version), tag) }
        try fix(inspection, connection, number, Int64(version.version), now: now)
        return true
    }

    /// Whether a model is there, how many of its given versions there are, and how many of its given aliases.
    package func counts(
        of model: String,
        versions: [Int],
        aliases: [String]
    ) async throws -> (exists: Bool, versions: Int, aliases: Int) {
        do {
            let names = Set(try await self.model(model).aliases.map(\.name))
            let there = Set(try await self.versions(of: model).map(\.version))
            return (true, versions.count { there.contains($0) }, aliases.count { names.contains($0) })
        } catch let error as MartletError where error.code == .notFound {
            return (false, 0, 0)
        }
    }
}
