import Core
import Storage

/// Reading many models or versions with what belongs to them: a few statements for a page, not a few for every row.
extension RegistryStore {
    /// What versions are selected from, and what is selected.
    static let versionSource = "model_versions v JOIN registered_models m ON m.model_number = v.model_number"
    static let versionColumns = "v.*, m.name AS model_name"

    /// Makes models of rows of `registered_models`, in their order.
    static func models(_ connection: Connection, _ rows: [Row]) throws -> [RegisteredModel] {
        var models: [RegisteredModel] = []
        models.reserveCapacity(rows.count)
        for start in stride(from: 0, to: rows.count, by: RegistryLimits.batchRows) {
            let batch = Array(rows[start..<min(start + RegistryLimits.batchRows, rows.count)])
            models += try batchOfModels(connection, batch)
        }
        return models
    }

    private static func batchOfModels(_ connection: Connection, _ rows: [Row]) throws -> [RegisteredModel] {
        let list = try numberList(rows)
        var tags: [Int64: [ModelTag]] = [:]
        let tagRows = try connection.query(
            "SELECT * FROM registered_model_tags WHERE model_number IN (\(list.sql)) ORDER BY model_number, tag_key",
            list.arguments
        )
        for row in tagRows { tags[try row.int("model_number"), default: []].append(try tag(row)) }
        var aliases: [Int64: [ModelAlias]] = [:]
        let aliasRows = try connection.query(
            "SELECT * FROM model_aliases WHERE model_number IN (\(list.sql)) ORDER BY model_number, alias",
            list.arguments
        )
        for row in aliasRows {
            let alias = ModelAlias(name: try row.text("alias"), version: Int(try row.int("version")))
            aliases[try row.int("model_number"), default: []].append(alias)
        }
        let latestRows = try connection.query(
            """
            SELECT \(versionColumns) FROM \(versionSource) JOIN (
                SELECT model_number, stage, MAX(version) AS version FROM model_versions
                WHERE is_deleted = 0 AND model_number IN (\(list.sql)) GROUP BY model_number, stage
            ) latest ON latest.model_number = v.model_number AND latest.version = v.version
            ORDER BY v.model_number, v.version
            """,
            list.arguments
        )
        var latest: [Int64: [ModelVersion]] = [:]
        for (row, version) in zip(latestRows, try versions(connection, latestRows)) {
            latest[try row.int("model_number"), default: []].append(version)
        }
        return try rows.map { row in
            let number = try row.int("model_number")
            return RegisteredModel(
                name: try row.text("name"),
                description: row.optionalText("description"),
                creationTime: try row.timestamp("creation_time"),
                lastUpdateTime: try row.timestamp("last_update_time"),
                tags: tags[number] ?? [],
                aliases: aliases[number] ?? [],
                latestVersions: latest[number] ?? []
            )
        }
    }

    /// Makes versions of rows of `versionSource`, in their order.
    static func versions(_ connection: Connection, _ rows: [Row]) throws -> [ModelVersion] {
        var versions: [ModelVersion] = []
        versions.reserveCapacity(rows.count)
        for start in stride(from: 0, to: rows.count, by: RegistryLimits.batchRows) {
            let batch = Array(rows[start..<min(start + RegistryLimits.batchRows, rows.count)])
            versions += try batchOfVersions(connection, batch)
        }
        return versions
    }

    private struct VersionKey: Hashable {
        let model: Int64
        let version: Int64

        init(_ row: Row) throws {
            model = try row.int("model_number")
            version = try row.int("version")
        }
    }

    private static func batchOfVersions(_ connection: Connection, _ rows: [Row]) throws -> [ModelVersion] {
        let list = try numberList(rows)
        let numbers = try rows.map { try $0.int("version") }
        // The range keeps the other versions of a model that has very many of them out of the way.
        let range: [SQLValue] = [.integer(numbers.min() ?? 0), .integer(numbers.max() ?? 0)]
        func related(_ columns: String, _ table: String, order: String) throws -> [Row] {
            try connection.query(
                """
                SELECT model_number, version, \(columns) FROM \(table)
                WHERE model_number IN (\(list.sql)) AND version BETWEEN ? AND ? ORDER BY model_number, version, \(order)
                """,
                list.arguments + range
            )
        }
        var tags: [VersionKey: [ModelTag]] = [:]
        for row in try related("tag_key, tag_value", "model_version_tags", order: "tag_key") {
            tags[try VersionKey(row), default: []].append(try tag(row))
        }
        var aliases: [VersionKey: [String]] = [:]
        for row in try related("alias", "model_aliases", order: "alias") {
            aliases[try VersionKey(row), default: []].append(try row.text("alias"))
        }
        return try rows.map { row in
            let key = try VersionKey(row)
            return try version(row, tags: tags[key] ?? [], aliases: aliases[key] ?? [])
        }
    }

    private static func version(_ row: Row, tags: [ModelTag], aliases: [String]) throws -> ModelVersion {
        let name = try row.text("model_name")
        guard let stage = ModelVersion.Stage(rawValue: try row.text("stage")) else {
            throw MartletError(.dataLoss, "A version of model '\(name)' has an unknown stage.")
        }
        let artifactURI = try row.text("artifact_uri")
        return ModelVersion(
            name: name,
            version: Int(try row.int("version")),
            creationTime: try row.timestamp("creation_time"),
            lastUpdateTime: try row.timestamp("last_update_time"),
            description: try row.text("description"),
            stage: stage,
            source: try row.text("source"),
            artifactURI: artifactURI,
            downloadURI: row.optionalText("download_uri") ?? artifactURI,
            runID: try row.text("run_id"),
            runLink: try row.text("run_link"),
            tags: tags,
            aliases: aliases
        )
    }

    private static func tag(_ row: Row) throws -> ModelTag {
        ModelTag(key: try row.text("tag_key"), value: try row.text("tag_value"))
    }

    /// The model numbers of the rows as a list for IN: of one value or of `batchRows`, so that there are two statements
    /// to keep and not two hundred.
    private static func numberList(_ rows: [Row]) throws -> SQLFragment {
        var seen: Set<Int64> = []
        var numbers = try rows.map { try $0.int("model_number") }.filter { seen.insert($0).inserted }
        guard let last = numbers.last else { return SQLFragment("?", [.integer(0)]) }
        if numbers.count > 1 {
            numbers += Array(repeating: last, count: max(0, RegistryLimits.batchRows - numbers.count))
        }
        return SQLFragment(SQLFragment.placeholders(numbers.count), numbers.map(SQLValue.integer))
    }
}
