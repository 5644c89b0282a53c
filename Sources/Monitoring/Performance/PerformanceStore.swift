package import Core
package import Storage

/// The tables of performance: bounded buckets per monitor, and per version its reference and summary.
package struct PerformanceStore: Sendable {
    /// The schema's history.
    package static let migrations = [
        Migration(
            id: "monitoring-performance-0001",
            statements: [
                """
                CREATE TABLE performance_buckets (
                    monitor TEXT NOT NULL, version BIGINT NOT NULL, start_at BIGINT NOT NULL, body TEXT NOT NULL,
                    PRIMARY KEY (monitor, start_at, version)
                )
                """,
                """
                CREATE TABLE performance_versions (
                    monitor TEXT NOT NULL, version BIGINT NOT NULL, reference TEXT, summary TEXT,
                    updated_at BIGINT NOT NULL, PRIMARY KEY (monitor, version)
                )
                """,
            ]
        )
    ]

    /// One version as it is stored.
    package struct Version: Sendable, Equatable {
        /// The version.
        package let version: Int
        /// What is known of it.
        package let summary: JSONValue?
        /// When that was found.
        package let updatedAt: Timestamp
    }

    private let database: Database

    /// A store over a migrated database.
    package init(database: Database) {
        self.database = database
    }

    /// Stores what was found of one version, all or nothing, and drops what is past the limits.
    func save(
        _ monitor: String,
        version: Int,
        buckets: [PerformanceBucket],
        reference: PerformanceReference?,
        summary: JSONValue,
        now: Timestamp
    ) async throws(MartletError) {
        let bodies = buckets.map { ($0.start.milliseconds, $0.json.description) }
        let stored = reference?.json.description
        let text = summary.description
        try await database.write { connection in
            for (start, body) in bodies {
                try connection.execute(
                    """
                    INSERT INTO performance_buckets (monitor, version, start_at, body) VALUES (?, ?, ?, ?)
                    ON CONFLICT (monitor, start_at, version) DO UPDATE SET body = excluded.body
                    """,
                    [.text(monitor), .int(version), .integer(start), .text(body)]
                )
            }
            try connection.execute(
                """
                INSERT INTO performance_versions (monitor, version, reference, summary, updated_at)
                VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (monitor, version) DO UPDATE SET
                    reference = COALESCE(excluded.reference, performance_versions.reference),
                    summary = excluded.summary, updated_at = excluded.updated_at
                """,
                [
                    .text(monitor), .int(version), SQLValue(stored), .text(text), .integer(now.milliseconds),
                ]
            )
            try Self.prune(monitor, connection)
        }
    }

    private static func prune(_ monitor: String, _ connection: Connection) throws {
        let buckets = try connection.first(
            "SELECT start_at FROM performance_buckets WHERE monitor = ? ORDER BY start_at DESC, version DESC LIMIT 1 OFFSET ?",
            [.text(monitor), .int(MonitoredPerformanceLimits.buckets)]
        )
        if let oldest = try buckets?.int("start_at") {
            try connection.execute(
                "DELETE FROM performance_buckets WHERE monitor = ? AND start_at <= ?",
                [.text(monitor), .integer(oldest)]
            )
        }
        let versions = try connection.query(
            """
            SELECT version FROM performance_versions WHERE monitor = ? ORDER BY updated_at DESC, version DESC
            LIMIT ? OFFSET ?
            """,
            [
                .text(monitor), .int(MonitoredPerformanceLimits.versions), .int(MonitoredPerformanceLimits.versions),
            ]
        )
        for row in versions {
            try connection.execute(
                "DELETE FROM performance_versions WHERE monitor = ? AND version = ?",
                [.text(monitor), .integer(try row.int("version"))]
            )
        }
    }

    /// The reference of a version; nil when none is stored.
    func reference(_ monitor: String, version: Int) async throws(MartletError) -> PerformanceReference? {
        let text: String? = try await database.read { connection in
            try connection.first(
                "SELECT reference FROM performance_versions WHERE monitor = ? AND version = ?",
                [.text(monitor), .int(version)]
            )?.optionalText("reference")
        }
        guard let text else { return nil }
        return try PerformanceReference(JSONValue.parse(text), version: version)
    }

    /// The newest buckets of a monitor, newest first.
    package func buckets(
        _ monitor: String,
        version: Int?,
        before: Timestamp?,
        limit: Int
    ) async throws(MartletError) -> [JSONValue] {
        try await database.read { connection in
            try connection.query(
                """
                SELECT body FROM performance_buckets WHERE monitor = ? AND start_at < ? AND version BETWEEN ? AND ?
                ORDER BY start_at DESC, version DESC LIMIT ?
                """,
                [
                    .text(monitor), .integer(before?.milliseconds ?? .max), .integer(version.map(Int64.init) ?? .min),
                    .integer(version.map(Int64.init) ?? .max), .int(limit),
                ]
            ).map { try $0.json("body") }
        }
    }

    /// The versions of a monitor, the newest first.
    package func versions(_ monitor: String) async throws(MartletError) -> [Version] {
        try await database.read { connection in
            try connection.query(
                "SELECT version, summary, updated_at FROM performance_versions WHERE monitor = ? ORDER BY version DESC",
                [.text(monitor)]
            ).map { row in
                Version(
                    version: Int(try row.int("version")),
                    summary: try row.optionalText("summary").map { try JSONValue.parse($0) },
                    updatedAt: try row.timestamp("updated_at")
                )
            }
        }
    }

    /// Removes everything of a monitor, or only its buckets.
    func remove(_ monitor: String, onlyBuckets: Bool = false) async throws(MartletError) {
        try await database.write { connection in
            try connection.execute("DELETE FROM performance_buckets WHERE monitor = ?", [.text(monitor)])
            guard !onlyBuckets else { return }
            try connection.execute("DELETE FROM performance_versions WHERE monitor = ?", [.text(monitor)])
        }
    }
}
