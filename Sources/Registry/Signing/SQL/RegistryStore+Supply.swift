import Artifacts
import Core
import Storage

/// The manifest of a version: fixed once, asked for at every load.
extension RegistryStore {
    /// What is known about a version's files.
    ///
    /// - Throws: `notFound`.
    package func supply(of model: String, _ version: Int) async throws -> SupplyReport {
        try await database.read { connection in
            try Self.requireVersion(connection, Self.modelKey(connection, model), model, version)
            return try Self.supply(connection, model, version)
        }
    }

    static func supply(_ connection: Connection, _ model: String, _ version: Int) throws -> SupplyReport {
        let number = try modelKey(connection, model).number
        let place: [SQLValue] = [.integer(number), .int(version)]
        let files = try connection.query(
            "SELECT * FROM model_version_files WHERE model_number = ? AND version = ? ORDER BY file_path",
            place
        )
        let manifest = ModelManifest(
            model: model,
            version: version,
            files: try files.map { row in
                ModelFile(
                    path: try row.text("file_path"),
                    digest: ArtifactDigest(size: try row.int("file_size"), sha256: try row.text("sha256"))
                )
            }
        )
        let seen = try connection.first(
            "SELECT fixed_at, pickles FROM model_version_supply WHERE model_number = ? AND version = ?",
            place
        )
        return SupplyReport(
            manifest: manifest,
            fixedAt: try seen?.timestamp("fixed_at"),
            pickles: PickleFinding.parse(try seen?.text("pickles") ?? "[]"),
            signatures: try signatures(connection, number, manifest)
        )
    }

    /// Records what was seen of a new version's files; none are recorded of a version that has none yet.
    static func fix(
        _ inspection: Inspection,
        _ connection: Connection,
        _ number: Int64,
        _ version: Int64,
        now: Timestamp
    ) throws {
        guard !inspection.files.isEmpty else { return }
        for file in inspection.files { try putFile(connection, number, version, file) }
        try putSupply(inspection, connection, number, version, now: now)
    }

    private static func putSupply(
        _ inspection: Inspection,
        _ connection: Connection,
        _ number: Int64,
        _ version: Int64,
        now: Timestamp
    ) throws {
        try connection.execute(
            """
            INSERT INTO model_version_supply (model_number, version, fixed_at, pickles) VALUES (?, ?, ?, ?)
            ON CONFLICT (model_number, version) DO NOTHING
            """,
            [
                .integer(number), .integer(version), .integer(now.milliseconds),
                .text(PickleFinding.text(inspection.pickles)),
            ]
        )
    }

    /// What a version that is about to be loaded must consist of; refused when a protected alias points to it without
    /// the signatures that the alias asks for.
    ///
    /// The manifest of a version that was registered before its files were there is fixed now, once and for all.
    ///
    /// - Throws: `notFound`, `failedPrecondition` naming the alias and what is missing.
    package func admit(_ model: String, _ version: Int) async throws -> ModelManifest {
        let report = try await database.read { connection in
            try Self.requireVersion(connection, Self.modelKey(connection, model), model, version)
            return try Self.supply(connection, model, version)
        }
        let known = report.fixedAt == nil ? try await fixNow(model, version) : report
        try await database.read { connection in
            let number = try Self.modelKey(connection, model).number
            let rows = try connection.query(
                "SELECT alias FROM model_aliases WHERE model_number = ? AND version = ?",
                [.integer(number), .int(version)]
            )
            for row in rows {
                try Self.requireSignatures(known, for: try row.text("alias"), connection, action: "loaded")
            }
        }
        return known.manifest
    }

    private func fixNow(_ model: String, _ version: Int) async throws -> SupplyReport {
        let record = try await self.version(model, version)
        let inspection = try await inspect(record.artifactURI)
        let now = clock.now
        return try await database.write { connection in
            let key = try Self.modelKey(connection, model)
            try Self.requireVersion(connection, key, model, version)
            let before = try Self.supply(connection, model, version)
            if before.fixedAt == nil {
                if before.manifest.files.isEmpty {
                    try Self.fix(inspection, connection, key.number, Int64(version), now: now)
                } else {
                    // Registered by an older Martlet: its files are known, what they are was not looked at.
                    try Self.putSupply(inspection, connection, key.number, Int64(version), now: now)
                }
            }
            let after = try Self.supply(connection, model, version)
            connection.note(
                Change(
                    object: "registered_model:\(model)/version:\(version)/manifest",
                    before: nil,
                    after: ["sha256": .string(after.manifest.sha256), "files": .int(after.manifest.files.count)]
                )
            )
            return after
        }
    }
}
