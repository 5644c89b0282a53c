package import Core

extension Database {
    /// Applies the migrations that have not been applied, in order, each all or nothing with the mark that it was.
    ///
    /// One that was interrupted has left nothing behind and is applied again. Servers that start at the same time on
    /// one database apply each migration once.
    ///
    /// - Throws: `failedPrecondition` when the database has migrations that are not in the list: it was written by a
    ///   newer version, and this one must not touch it.
    package func migrate(
        _ migrations: [Migration],
        now: Timestamp = Clock.system.now,
        version: String = ProductVersion.text
    ) async throws(MartletError) {
        let status = try await schema(of: migrations)
        try status.refuseNewer(than: version)
        try await write { connection in
            for table in Self.bookkeeping { try connection.execute(table) }
        }
        let dialect = dialect
        for migration in status.pending {
            try await write { connection in
                // Asked again by the only writer: another server may have come first.
                let known = try connection.first(
                    "SELECT id FROM martlet_migrations WHERE id = ?",
                    [.text(migration.id)]
                )
                guard known == nil else { return }
                for statement in migration.statements(for: dialect) { try connection.execute(statement) }
                try connection.execute(
                    "INSERT INTO martlet_migrations (id, applied_at) VALUES (?, ?)",
                    [.text(migration.id), .integer(now.milliseconds)]
                )
                try connection.execute(
                    "INSERT INTO martlet_migration_versions (id, version) VALUES (?, ?)",
                    [.text(migration.id), .text(version)]
                )
            }
        }
    }

    /// What has been applied, and by which version of the product.
    private static let bookkeeping = [
        "CREATE TABLE IF NOT EXISTS martlet_migrations (id TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)",
        "CREATE TABLE IF NOT EXISTS martlet_migration_versions (id TEXT PRIMARY KEY, version TEXT NOT NULL)",
    ]

    /// How the database's schema compares with a list of migrations; changes nothing.
    package func schema(of migrations: [Migration]) async throws(MartletError) -> SchemaStatus {
        let dialect = dialect
        return try await read { connection in
            let applied = try self.appliedMigrations(connection)
            var versions: [String: String] = [:]
            let tables = try connection.tables(dialect)
            if tables.contains("martlet_migration_versions") {
                for row in try connection.query("SELECT id, version FROM martlet_migration_versions") {
                    versions[try row.text("id")] = try row.text("version")
                }
            }
            return SchemaStatus(migrations: migrations, applied: applied, versions: versions)
        }
    }

    /// The migrations that have been applied, in the order of their application; none when there were none yet.
    package func appliedMigrations(_ connection: Connection) throws -> [String] {
        guard try connection.tables(dialect).contains("martlet_migrations") else { return [] }
        return try connection.query("SELECT id FROM martlet_migrations ORDER BY applied_at, id")
            .map { try $0.text("id") }
    }
}

extension Connection {
    /// The names of the tables that are not the database's own, sorted.
    package func tables(_ dialect: Dialect) throws(MartletError) -> [String] {
        let query =
            switch dialect {
            case .sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
            case .postgres:
                "SELECT tablename AS name FROM pg_catalog.pg_tables WHERE schemaname = CURRENT_SCHEMA()"
            }
        var names: [String] = []
        for row in try self.query(query) { names.append(try row.text("name")) }
        return names.sorted()
    }
}
