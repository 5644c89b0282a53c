import Core
import Rollouts
package import Storage

/// The table of what was measured for rollouts, so that a restart begins no count anew.
package struct AnalysisStore: Sendable {
    private let database: Database

    /// Uses `database`, to which `migrations` were applied.
    package init(database: Database) {
        self.database = database
    }

    /// The schema's history.
    package static let migrations: [Migration] = [
        Migration(
            id: "analysis-0001",
            statements: [
                """
                CREATE TABLE rollout_measurements (
                    rollout TEXT NOT NULL, name TEXT NOT NULL, deployment TEXT NOT NULL, series TEXT NOT NULL,
                    updated_at BIGINT NOT NULL, PRIMARY KEY (rollout, name)
                )
                """,
                "CREATE INDEX rollout_measurements_by_deployment ON rollout_measurements (deployment, updated_at)",
                "CREATE INDEX rollout_measurements_by_time ON rollout_measurements (updated_at)",
            ]
        )
    ]

    /// Stores one series and forgets those that are older than `AnalysisLimits.keptDays`.
    func save(_ series: MeasurementSeries, _ name: String, of question: RolloutQuestion, now: Timestamp) async throws {
        try await database.write { connection in
            try connection.execute(
                """
                INSERT INTO rollout_measurements (rollout, name, deployment, series, updated_at) VALUES (?, ?, ?, ?, ?)
                ON CONFLICT (rollout, name) DO UPDATE SET series = excluded.series, updated_at = excluded.updated_at
                """,
                [
                    .text(question.rollout), .text(name), .text(question.deployment),
                    .text(series.json.description), .integer(now.milliseconds),
                ]
            )
            try connection.execute(
                "DELETE FROM rollout_measurements WHERE updated_at < ?",
                [.integer((now - .seconds(AnalysisLimits.keptDays * 86_400)).milliseconds)]
            )
        }
    }

    /// What was measured for a rollout, as far as it is still wanted.
    func load(_ question: RolloutQuestion) async throws -> [String: MeasurementSeries] {
        let wanted = MeasurementKind.wanted(question.checks)
        return try await database.read { connection in
            let rows = try connection.query(
                "SELECT name, series FROM rollout_measurements WHERE rollout = ?",
                [.text(question.rollout)]
            )
            var found: [String: MeasurementSeries] = [:]
            for row in rows {
                let name = try row.text("name")
                guard let kind = wanted[name] else { continue }
                found[name] = try MeasurementSeries(kind, json: row.json("series"))
            }
            return found
        }
    }

    /// What was measured for a deployment's rollouts, the newest first.
    func list(_ deployment: String, limit: Int) async throws -> [JSONValue] {
        try await database.read { connection in
            try connection.query(
                """
                SELECT rollout, name, series, updated_at FROM rollout_measurements WHERE deployment = ?
                ORDER BY updated_at DESC, rollout, name LIMIT ?
                """,
                [.text(deployment), .int(limit)]
            ).map { row in
                var object = try row.json("series").objectValue ?? [:]
                object["memory"] = nil
                object["rollout"] = .string(try row.text("rollout"))
                object["name"] = .string(try row.text("name"))
                object["updated_at"] = .integer(try row.int("updated_at"))
                return .object(object)
            }
        }
    }
}
