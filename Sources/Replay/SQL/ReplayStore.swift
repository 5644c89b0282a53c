import Core
package import Storage

/// The table of replays.
package struct ReplayStore: Sendable {
    private let database: Database

    /// Uses `database`, to which `migrations` were applied.
    package init(database: Database) {
        self.database = database
    }

    /// The schema's history.
    package static let migrations: [Migration] = [
        Migration(
            id: "replay-0001",
            statements: [
                """
                CREATE TABLE replays (
                    id TEXT PRIMARY KEY, deployment TEXT NOT NULL, model TEXT NOT NULL, model_version BIGINT NOT NULL,
                    request TEXT NOT NULL, requested_by TEXT NOT NULL, request_key TEXT, state TEXT NOT NULL,
                    attempts INTEGER NOT NULL, rows_read BIGINT NOT NULL, fraction DOUBLE PRECISION NOT NULL,
                    message TEXT NOT NULL, report TEXT, verdict TEXT, created_at BIGINT NOT NULL, started_at BIGINT,
                    finished_at BIGINT
                )
                """,
                "CREATE UNIQUE INDEX replays_by_key ON replays (request_key)",
                "CREATE INDEX replays_by_deployment ON replays (deployment, created_at, id)",
                "CREATE INDEX replays_by_time ON replays (created_at, id)",
                "CREATE INDEX replays_open ON replays (created_at, id) WHERE finished_at IS NULL",
            ]
        )
    ]

    /// Puts a replay into the queue, or finds the one that was asked for under the same key.
    ///
    /// - Returns: the replay that is stored.
    /// - Throws: `resourceExhausted` when `ReplayLimits.queued` wait or run.
    func enqueue(_ record: ReplayRecord) async throws(MartletError) -> ReplayRecord {
        try await database.write { connection in
            if let key = record.key,
                let known = try connection.first("SELECT * FROM replays WHERE request_key = ?", [.text(key)])
            {
                return try ReplayRecord(known)
            }
            let open = try connection.first("SELECT COUNT(*) AS n FROM replays WHERE finished_at IS NULL")
            guard try (open?.int("n") ?? 0) < Int64(ReplayLimits.queued) else {
                throw MartletError(
                    .resourceExhausted,
                    "\(ReplayLimits.queued) replays wait or run already; wait for one to end, or cancel one."
                )
            }
            try Self.insert(record, connection)
            connection.note(Change(object: "replay:\(record.id)", before: nil, after: record.request.json))
            return record
        }
    }

    /// The oldest replay that waits.
    func next() async throws(MartletError) -> ReplayRecord? {
        try await database.read { connection in
            try connection.first(
                "SELECT * FROM replays WHERE state = 'queued' AND finished_at IS NULL ORDER BY created_at, id LIMIT 1"
            ).map(ReplayRecord.init)
        }
    }

    /// The replays that are under way as far as the table knows.
    func running() async throws(MartletError) -> [ReplayRecord] {
        try await database.read { connection in
            try connection.query("SELECT * FROM replays WHERE state = 'running' AND finished_at IS NULL")
                .map(ReplayRecord.init)
        }
    }

    /// One replay.
    ///
    /// - Throws: `notFound`.
    func replay(_ id: String) async throws(MartletError) -> ReplayRecord {
        try await database.read { connection in
            guard let row = try connection.first("SELECT * FROM replays WHERE id = ?", [.text(id)]) else {
                throw MartletError(.notFound, "There is no replay '\(id.prefix(80))'.")
            }
            return try ReplayRecord(row)
        }
    }

    /// The replay that was asked for under a key.
    func replay(key: String) async throws(MartletError) -> ReplayRecord? {
        try await database.read { connection in
            try connection.first("SELECT * FROM replays WHERE request_key = ?", [.text(key)]).map(ReplayRecord.init)
        }
    }

    /// Replays, newest first, without their reports.
    func replays(
        deployment: String?,
        before: (Timestamp, String)?,
        limit: Int
    ) async throws(MartletError) -> [ReplayRecord] {
        try await database.read { connection in
            var conditions: [String] = []
            var arguments: [SQLValue] = []
            if let deployment {
                conditions.append("deployment = ?")
                arguments.append(.text(deployment))
            }
            if let before {
                conditions.append("(created_at < ? OR created_at = ? AND id < ?)")
                let at = SQLValue.integer(before.0.milliseconds)
                arguments += [at, at, .text(before.1)]
            }
            let filter = conditions.isEmpty ? "" : "WHERE \(conditions.joined(separator: " AND "))"
            return try connection.query(
                "SELECT \(Self.columnsWithoutReport) FROM replays \(filter) ORDER BY created_at DESC, id DESC LIMIT ?",
                arguments + [.int(limit)]
            ).map(ReplayRecord.init)
        }
    }

    /// Gives a stored replay an event; one that no longer fits changes nothing.
    ///
    /// - Returns: the replay as it is now.
    /// - Throws: `notFound`.
    @discardableResult
    func handle(_ event: ReplayRecord.Event, _ id: String, now: Timestamp) async throws(MartletError) -> ReplayRecord {
        try await database.write { connection in
            guard let row = try connection.first("SELECT * FROM replays WHERE id = ?", [.text(id)]) else {
                throw MartletError(.notFound, "There is no replay '\(id.prefix(80))'.")
            }
            var record = try ReplayRecord(row)
            guard record.handle(event, now: now) else { return record }
            try Self.update(record, connection)
            if record.state.isFinal { try Self.prune(record.request.deployment, connection) }
            return record
        }
    }

    /// Forgets the oldest finished replays of a deployment past `ReplayLimits.kept`.
    private static func prune(_ deployment: String, _ connection: Connection) throws {
        try connection.execute(
            """
            DELETE FROM replays WHERE deployment = ? AND finished_at IS NOT NULL AND id NOT IN (
                SELECT id FROM replays WHERE deployment = ? AND finished_at IS NOT NULL
                ORDER BY created_at DESC, id DESC LIMIT \(ReplayLimits.kept)
            )
            """,
            [.text(deployment), .text(deployment)]
        )
    }

    private static let columnsWithoutReport = """
        id, request, requested_by, request_key, state, attempts, rows_read, fraction, message, NULL AS report, verdict, \
        created_at, started_at, finished_at
        """

    private static func insert(_ record: ReplayRecord, _ connection: Connection) throws {
        try connection.execute(
            """
            INSERT INTO replays (id, deployment, model, model_version, request, requested_by, request_key, state,
                attempts, rows_read, fraction, message, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(record.id), .text(record.request.deployment), .text(record.request.model),
                .int(record.request.version), .text(record.request.json.description), .text(record.requestedBy),
                SQLValue(record.key), .text(record.state.rawValue), .int(record.attempts), .int(record.rowsRead),
                .real(record.fraction), .text(record.message), .integer(record.createdAt.milliseconds),
            ]
        )
    }

    private static func update(_ record: ReplayRecord, _ connection: Connection) throws {
        try connection.execute(
            """
            UPDATE replays SET state = ?, attempts = ?, rows_read = ?, fraction = ?, message = ?, report = ?,
                verdict = ?, started_at = ?, finished_at = ? WHERE id = ?
            """,
            [
                .text(record.state.rawValue), .int(record.attempts), .int(record.rowsRead), .real(record.fraction),
                .text(record.message), SQLValue(record.report.map { JSONValue.object($0).description }),
                SQLValue(record.verdict?.rawValue), SQLValue(record.startedAt?.milliseconds),
                SQLValue(record.finishedAt?.milliseconds), .text(record.id),
            ]
        )
    }
}

extension ReplayRecord {
    /// Reads a row of the table.
    init(_ row: Row) throws(MartletError) {
        let state = try row.text("state")
        guard let known = State(rawValue: state) else {
            throw MartletError(.dataLoss, "A stored replay has the unknown state '\(state.prefix(40))'.")
        }
        self.init(
            id: try row.text("id"),
            request: try ReplayRequest(json: row.json("request")),
            requestedBy: try row.text("requested_by"),
            key: row.optionalText("request_key"),
            createdAt: try row.timestamp("created_at"),
            stored: Stored(
                state: known,
                attempts: Int(try row.int("attempts")),
                rowsRead: Int(try row.int("rows_read")),
                fraction: try row.double("fraction"),
                startedAt: row.optionalTimestamp("started_at"),
                finishedAt: row.optionalTimestamp("finished_at"),
                message: try row.text("message"),
                report: row.optionalText("report") == nil ? nil : try row.json("report").objectValue,
                verdict: row.optionalText("verdict").flatMap(ReplayVerdict.Outcome.init(rawValue:))
            )
        )
    }
}
