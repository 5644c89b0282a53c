package import Core

extension Database {
    /// Applies the migrations that have not been applied, in order, each all or nothing.
    ///
    /// Servers that start at the same time on one database apply each migration once.
    ///
    /// - Throws: `failedPrecondition` when the database has migrations that are not in the list: it was written by a
    ///   newer version, and this one must not touch it.
    package func migrate(_ migrations: [Migration], now: Timestamp = Clock.system.now) async throws(MartletError) {
        try await write { connection in
            try connection.execute(
                "CREATE TABLE IF NOT EXISTS martlet_migrations (id TEXT PRIMARY KEY, applied_at BIGINT NOT NULL)"
            )
        }
        let applied = try await read { connection in
            Set(try connection.query("SELECT id FROM martlet_migrations").map { try $0.text("id") })
        }
        let unknown = applied.subtracting(migrations.map(\.id)).sorted()
        guard unknown.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "The database has the newer schema step '\(unknown[0])'; start it with the newer version of martlet."
            )
        }
        let dialect = dialect
        for migration in migrations where !applied.contains(migration.id) {
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
            }
        }
    }
}
