import Core
import HTTPSupport
import Storage

extension TriggerStore {
    /// Records a backfill that begins.
    ///
    /// - Throws: `resourceExhausted` when so many are under way that one more is refused.
    func insert(_ backfill: Backfill) async throws(MartletError) {
        try await database.write { connection in
            let active = try connection.first("SELECT COUNT(*) AS n FROM pipeline_backfills WHERE state = 'running'")
            guard active?.optionalInt("n") ?? 0 < Int64(TriggerLimits.backfills) else {
                throw MartletError(
                    .resourceExhausted,
                    "\(TriggerLimits.backfills) backfills are under way; wait for one, or cancel one."
                )
            }
            connection.note(
                Change(
                    object: "pipeline:\(backfill.pipeline)/backfill:\(backfill.id)",
                    before: nil,
                    after: [
                        "trigger": .string(backfill.trigger.name), "from": .string(backfill.from.iso8601),
                        "through": .string(backfill.through.iso8601), "runs": .int(backfill.runs),
                    ]
                )
            )
            try connection.execute(
                """
                INSERT INTO pipeline_backfills (id, pipeline, trigger_name, document, from_at, through_at, chunk, times,
                    runs, active, rerun, parameters, priority, position, started, skipped, refused, state, created_at,
                    created_by, finished_at, error)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, 0, 0, 0, 'running', ?, ?, NULL, NULL)
                """,
                [
                    .text(backfill.id), .text(backfill.pipeline), .text(backfill.trigger.name),
                    .text(JSONValue.object(backfill.trigger.document).description),
                    .integer(backfill.from.milliseconds), .integer(backfill.through.milliseconds),
                    .int(backfill.chunk), .int(backfill.times), .int(backfill.runs), .int(backfill.active),
                    .text(backfill.selection.rawValue), .text(JSONValue.object(backfill.parameters).description),
                    .int(backfill.priority), .integer(backfill.createdAt.milliseconds), SQLValue(backfill.createdBy),
                ]
            )
        }
    }

    /// A backfill.
    ///
    /// - Throws: `notFound`.
    func backfill(_ id: String) async throws(MartletError) -> Backfill {
        try await database.read { connection in
            guard let row = try connection.first("SELECT * FROM pipeline_backfills WHERE id = ?", [.text(id)]) else {
                throw Self.noBackfill(id)
            }
            return try Backfill(row)
        }
    }

    static func noBackfill(_ id: String) -> MartletError {
        MartletError(.notFound, "There is no backfill '\(id.prefix(64))'; see `martlet schedule backfills`.")
    }

    /// The backfills that are under way, the oldest first.
    func runningBackfills() async throws(MartletError) -> [Backfill] {
        try await database.read { connection in
            try connection.query("SELECT * FROM pipeline_backfills WHERE state = 'running' ORDER BY created_at, id")
                .map { row in try Backfill(row) }
        }
    }

    /// Backfills, the newest first.
    func backfills(pipeline: String?, limit: Int, token: String?) async throws(MartletError) -> Page<Backfill> {
        var (condition, arguments) = ("1 = 1", [SQLValue]())
        if let pipeline {
            condition += " AND pipeline = ?"
            arguments.append(.text(pipeline))
        }
        if let token {
            let fields = try JSONFields(try PageToken.decode(token))
            let time = SQLValue.integer(try fields.int("t"))
            condition += " AND (created_at < ? OR (created_at = ? AND id < ?))"
            arguments += [time, time, .text(try fields.string("id"))]
        }
        let sql = "SELECT * FROM pipeline_backfills WHERE \(condition) ORDER BY created_at DESC, id DESC LIMIT ?"
        let values = arguments + [.int(limit + 1)]
        let found = try await database.read { connection in
            try connection.query(sql, values).map { row in try Backfill(row) }
        }
        let items = Array(found.prefix(limit))
        guard found.count > limit, let last = items.last else { return Page(items: items, nextPageToken: nil) }
        let next: JSONValue = ["t": .integer(last.createdAt.milliseconds), "id": .string(last.id)]
        return Page(items: items, nextPageToken: PageToken.encode(next))
    }

    /// How many runs of a backfill are in each state; runs that are kept no more are `gone`.
    func runStates(of backfill: String) async throws(MartletError) -> [String: Int] {
        try await database.read { connection in
            let rows = try connection.query(
                """
                SELECT COALESCE(r.state, 'gone') AS state, COUNT(*) AS n FROM trigger_firings f
                LEFT JOIN pipeline_runs r ON r.id = f.run_id
                WHERE f.backfill_id = ? AND f.run_id IS NOT NULL GROUP BY COALESCE(r.state, 'gone')
                """,
                [.text(backfill)]
            )
            var states: [String: Int] = [:]
            for row in rows { states[try row.text("state")] = Int(try row.int("n")) }
            return states
        }
    }

    /// The runs of a backfill that have not ended.
    func activeRuns(of backfill: String) async throws(MartletError) -> [String] {
        try await database.read { connection in
            try connection.query(
                """
                SELECT r.id FROM trigger_firings f JOIN pipeline_runs r ON r.id = f.run_id
                WHERE f.backfill_id = ? AND r.state IN ('queued', 'running')
                """,
                [.text(backfill)]
            ).map { try $0.text("id") }
        }
    }

    /// Whether a time has a run already, of those that a selection leaves alone.
    func hasRun(
        _ pipeline: String,
        _ trigger: String,
        at time: Timestamp,
        selection: Backfill.Selection
    ) async throws(MartletError) -> Bool {
        guard selection != .all else { return false }
        let states = selection == .failed ? " AND r.state IN ('queued', 'running', 'succeeded')" : ""
        return try await database.read { connection in
            try connection.first(
                """
                SELECT 1 AS one FROM trigger_firings f JOIN pipeline_runs r ON r.id = f.run_id
                WHERE f.pipeline = ? AND f.trigger_name = ? AND f.logical_at = ?\(states) LIMIT 1
                """,
                [.text(pipeline), .text(trigger), .integer(time.milliseconds)]
            ) != nil
        }
    }

    /// What became of a piece.
    enum Dealt: String, Sendable {
        case started
        case skipped
        case refused
    }

    /// Remembers that a piece is dealt with, in the transaction of its run when it has one.
    ///
    /// - Throws: `Withheld` when the backfill was cancelled meanwhile, or the piece is dealt with already.
    static func advance(
        _ backfill: Backfill,
        through time: Timestamp,
        _ dealt: Dealt,
        error: String? = nil,
        on connection: Connection
    ) throws {
        let changed = try connection.execute(
            """
            UPDATE pipeline_backfills SET position = ?, \(dealt.rawValue) = \(dealt.rawValue) + 1,
                error = COALESCE(?, error)
            WHERE id = ? AND state = 'running' AND (position IS NULL OR position < ?)
            """,
            [.integer(time.milliseconds), SQLValue(error), .text(backfill.id), .integer(time.milliseconds)]
        )
        guard changed == 1 else { throw Withheld.stopped }
    }

    /// Ends a backfill that is under way.
    ///
    /// - Returns: Whether it was under way.
    func finish(_ id: String, _ state: Backfill.State) async throws(MartletError) -> Bool {
        let now = clock.now
        return try await database.write { connection in
            let changed = try connection.execute(
                "UPDATE pipeline_backfills SET state = ?, finished_at = ? WHERE id = ? AND state = 'running'",
                [.text(state.rawValue), .integer(now.milliseconds), .text(id)]
            )
            guard changed == 1 else { return false }
            connection.note(
                Change(
                    object: "pipeline_backfill:\(id)",
                    before: ["state": "running"],
                    after: ["state": .string(state.rawValue)]
                )
            )
            return true
        }
    }
}

extension Backfill {
    init(_ row: Row) throws(MartletError) {
        guard let state = State(rawValue: try row.text("state")),
            let selection = Selection(rawValue: try row.text("rerun"))
        else { throw MartletError(.internal, "The stored backfill '\(try row.text("id"))' has an unknown state.") }
        self.init(
            id: try row.text("id"),
            pipeline: try row.text("pipeline"),
            trigger: try PipelineTrigger.parse(try row.text("trigger_name"), JSONFields(try row.json("document"))),
            from: try row.timestamp("from_at"),
            through: try row.timestamp("through_at"),
            chunk: Int(try row.int("chunk")),
            times: Int(try row.int("times")),
            runs: Int(try row.int("runs")),
            active: Int(try row.int("active")),
            selection: selection,
            parameters: try row.json("parameters").objectValue ?? [:],
            priority: Int(try row.int("priority")),
            position: row.optionalTimestamp("position"),
            started: Int(try row.int("started")),
            skipped: Int(try row.int("skipped")),
            refused: Int(try row.int("refused")),
            state: state,
            createdAt: try row.timestamp("created_at"),
            createdBy: row.optionalText("created_by"),
            finishedAt: row.optionalTimestamp("finished_at"),
            error: row.optionalText("error")
        )
    }
}
