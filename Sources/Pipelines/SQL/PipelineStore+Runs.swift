import Core
import HTTPSupport
import Storage

extension PipelineStore {
    /// Records a new run with a first attempt of every task, all waiting; returns the earlier run's id for a known key.
    func insertRun(_ run: NewRun) async throws(MartletError) -> String {
        let now = clock.now
        return try await database.write { connection in
            if let key = run.key, let earlier = try Self.runID(forKey: key, pipeline: run.spec.name, on: connection) {
                return earlier
            }
            let waiting = try connection.first("SELECT COUNT(*) AS n FROM pipeline_runs WHERE state = 'queued'")
            guard waiting?.optionalInt("n") ?? 0 < Int64(PipelinesLimits.queuedRuns) else {
                throw MartletError(
                    .resourceExhausted,
                    "\(PipelinesLimits.queuedRuns) runs wait already; try again when some have ended."
                )
            }
            let isSkipped = try self.makeRoom(for: run, at: now, on: connection)
            try Self.insert(run, isSkipped: isSkipped, at: now, on: connection)
            if !isSkipped { try Self.insert(run.attempts, run: run.id, on: connection) }
            connection.note(
                Change(
                    object: "pipeline:\(run.spec.name)/run:\(run.id)",
                    before: nil,
                    after: [
                        "state": isSkipped ? "cancelled" : "queued", "parameters": .object(run.parameters),
                        "trigger": .string(run.cause.text),
                    ]
                )
            )
            try run.inTransaction?(connection, run.id)
            if isSkipped { try self.tell(run.id, at: now, on: connection) }
            return run.id
        }
    }

    /// Applies the pipeline's rule for runs that overlap; whether this one is not to run.
    private func makeRoom(for run: NewRun, at now: Timestamp, on connection: Connection) throws -> Bool {
        let rule = run.spec.concurrency
        guard let limit = rule.limit, rule.overlap != .queue else { return false }
        let active = try connection.query(
            """
            SELECT id, state FROM pipeline_runs
            WHERE pipeline = ? AND state IN ('queued', 'running') AND cancel_requested = 0
            """,
            [.text(run.spec.name)]
        )
        guard active.count >= limit else { return false }
        if rule.overlap == .skip { return true }
        for row in active {
            let id = try row.text("id")
            try connection.execute("UPDATE pipeline_runs SET cancel_requested = 1 WHERE id = ?", [.text(id)])
            if try row.text("state") == RunState.queued.rawValue { try cancelQueued(id, at: now, on: connection) }
        }
        return false
    }

    private static func insert(
        _ run: NewRun,
        isSkipped: Bool,
        at now: Timestamp,
        on connection: Connection
    ) throws(MartletError) {
        let limit = run.spec.concurrency.limit
        let reason = "Skipped: as many runs of the pipeline are there as its concurrency allows."
        try connection.execute(
            """
            INSERT INTO pipeline_runs (id, pipeline, spec, directory, parameters, cause, cause_kind, cause_trigger,
                idempotency_key, state, error, cancel_requested, fence, created_at, finished_at, priority, concurrency,
                logical_at, origin)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, 0, ?, ?, ?, ?, ?, ?)
            """,
            [
                .text(run.id), .text(run.spec.name), .text(run.spec.document.description), .text(run.directory),
                .text(JSONValue.object(run.parameters).description), .text(run.cause.text),
                .text(run.cause.kind.rawValue), SQLValue(run.cause.trigger), SQLValue(run.key),
                .text(isSkipped ? "cancelled" : "queued"), SQLValue(isSkipped ? reason : nil),
                .integer(now.milliseconds), SQLValue(isSkipped ? now.milliseconds : nil),
                .int(run.priority ?? run.spec.priority), SQLValue(limit.map { Int64($0) }),
                SQLValue(run.time?.milliseconds), SQLValue(run.origin),
            ]
        )
    }

    /// Records attempts, many in one statement: a database over the network answers each statement once.
    static func insert(_ rows: [NewAttempt], run: String, on connection: Connection) throws(MartletError) {
        var rest = rows[...]
        while !rest.isEmpty {
            let some = rest.prefix(100)
            rest = rest.dropFirst(some.count)
            let places = Array(repeating: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", count: some.count)
            var values: [SQLValue] = []
            for row in some {
                values += [
                    .text(run), .text(row.task), .int(row.attempt), .int(row.position), .int(row.part),
                    SQLValue(row.parent), SQLValue(row.item?.description), .text(row.state.rawValue),
                    .real(row.state == .succeeded ? 1 : 0), SQLValue(row.instances.map { Int64($0) }),
                    SQLValue(row.skip?.rawValue), SQLValue(row.outputs), SQLValue(row.artifacts),
                    SQLValue(row.cachedFrom?.runID), SQLValue(row.cachedFrom?.task), SQLValue(row.message),
                ]
            }
            try connection.execute(
                """
                INSERT INTO task_runs (run_id, task, attempt, position, part, parent, item, state, fraction, instances,
                    skip_cause, outputs, artifacts, cached_run, cached_task, message)
                VALUES \(places.joined(separator: ", "))
                """,
                values
            )
        }
    }

    /// The run that was recorded under a key.
    func runID(forKey key: String) async throws(MartletError) -> String? {
        try await database.read { connection in
            try connection.first("SELECT id FROM pipeline_runs WHERE idempotency_key = ?", [.text(key)])?.text("id")
        }
    }

    private static func runID(forKey key: String, pipeline: String, on connection: Connection) throws -> String? {
        let row = try connection.first("SELECT id, pipeline FROM pipeline_runs WHERE idempotency_key = ?", [.text(key)])
        guard let row else { return nil }
        guard try row.text("pipeline") == pipeline else {
            throw MartletError(
                .alreadyExists,
                "The idempotency key '\(key)' belongs to a run of the pipeline '\(try row.text("pipeline"))'; use another."
            )
        }
        return try row.text("id")
    }

    /// Plans the attempt after `attempt` of a task.
    static func insertNext(
        after attempt: Int,
        of task: String,
        run: String,
        notBefore: Timestamp?,
        on connection: Connection
    ) throws(MartletError) {
        try connection.execute(
            """
            INSERT INTO task_runs (run_id, task, attempt, position, part, parent, item, state, fraction, not_before)
            SELECT run_id, task, attempt + 1, position, part, parent, item, 'pending', 0, CAST(? AS BIGINT)
            FROM task_runs WHERE run_id = ? AND task = ? AND attempt = ?
            """,
            [SQLValue(notBefore?.milliseconds), .text(run), .text(task), .int(attempt)]
        )
    }

    /// A run with the latest attempt of each task.
    ///
    /// - Throws: `notFound`.
    func run(_ id: String) async throws(MartletError) -> PipelineRun {
        try await database.read { connection in
            guard let row = try connection.first("SELECT * FROM pipeline_runs WHERE id = ?", [.text(id)]) else {
                throw Self.noRun(id)
            }
            return try Self.run(from: row, tasks: try Self.latestAttempts(of: id, on: connection))
        }
    }

    static func noRun(_ id: String) -> MartletError {
        MartletError(.notFound, "There is no pipeline run '\(id.prefix(64))'.")
    }

    /// Runs, the newest first, without their tasks.
    func runs(pipeline: String?, state: RunState? = nil, limit: Int, token: String?) async throws -> Page<PipelineRun> {
        var condition = "1 = 1"
        var arguments: [SQLValue] = []
        if let pipeline {
            condition += " AND pipeline = ?"
            arguments.append(.text(pipeline))
        }
        if let state {
            condition += " AND state = ?"
            arguments.append(.text(state.rawValue))
        }
        if let token {
            let fields = try JSONFields(try PageToken.decode(token))
            let time = SQLValue.integer(try fields.int("t"))
            condition += " AND (created_at < ? OR (created_at = ? AND id < ?))"
            arguments += [time, time, .text(try fields.string("id"))]
        }
        let sql = "SELECT * FROM pipeline_runs WHERE \(condition) ORDER BY created_at DESC, id DESC LIMIT ?"
        let values = arguments + [.int(limit + 1)]
        let found = try await database.read { connection in
            try connection.query(sql, values).map { try Self.run(from: $0, tasks: []) }
        }
        let items = Array(found.prefix(limit))
        guard found.count > limit, let last = items.last else { return Page(items: items, nextPageToken: nil) }
        let next: JSONValue = ["t": .integer(last.createdAt.milliseconds), "id": .string(last.id)]
        return Page(items: items, nextPageToken: PageToken.encode(next))
    }

    static func run(from row: Row, tasks: [TaskRun]) throws(MartletError) -> PipelineRun {
        guard let state = RunState(rawValue: try row.text("state")) else {
            throw MartletError(.internal, "The stored run state '\(try row.text("state"))' is unknown.")
        }
        return PipelineRun(
            id: try row.text("id"),
            pipeline: try row.text("pipeline"),
            state: state,
            parameters: try row.json("parameters").objectValue ?? [:],
            trigger: try row.text("cause"),
            cause: RunCause(
                kind: row.optionalText("cause_kind").flatMap(RunCause.Kind.init) ?? .manual,
                trigger: row.optionalText("cause_trigger"),
                text: try row.text("cause")
            ),
            priority: Int(try row.int("priority")),
            time: row.optionalTimestamp("logical_at"),
            origin: row.optionalText("origin"),
            isCancelRequested: try row.bool("cancel_requested"),
            error: row.optionalText("error"),
            createdAt: try row.timestamp("created_at"),
            startedAt: row.optionalTimestamp("started_at"),
            finishedAt: row.optionalTimestamp("finished_at"),
            tasks: tasks
        )
    }

    private static func latestAttempts(of run: String, on connection: Connection) throws -> [TaskRun] {
        let rows = try connection.query(
            "SELECT * FROM task_runs WHERE run_id = ? ORDER BY position, part, task, attempt DESC",
            [.text(run)]
        )
        var tasks: [TaskRun] = []
        for row in rows where tasks.last?.task != row.optionalText("task") {
            tasks.append(try TaskRun(row))
        }
        return tasks
    }

    /// Asks a run to stop; one that waits in the queue is cancelled here and now.
    ///
    /// - Throws: `notFound`, or `failedPrecondition` when it has ended.
    func requestCancel(_ id: String) async throws(MartletError) {
        let time = clock.now
        try await database.write { connection in
            guard let row = try connection.first("SELECT state FROM pipeline_runs WHERE id = ?", [.text(id)]) else {
                throw Self.noRun(id)
            }
            let state = try row.text("state")
            guard RunState(rawValue: state)?.isFinal == false else {
                throw MartletError(.failedPrecondition, "The run '\(id)' has ended already: \(state).")
            }
            connection.note(
                Change(
                    object: "pipeline_run:\(id)",
                    before: ["state": .string(state)],
                    after: ["cancel_requested": true]
                )
            )
            try connection.execute("UPDATE pipeline_runs SET cancel_requested = 1 WHERE id = ?", [.text(id)])
            guard state == RunState.queued.rawValue else { return }
            try self.cancelQueued(id, at: time, on: connection)
        }
    }

    /// Ends a run that waits in the queue.
    private func cancelQueued(_ id: String, at time: Timestamp, on connection: Connection) throws {
        let now = SQLValue.integer(time.milliseconds)
        try connection.execute(
            "UPDATE pipeline_runs SET state = 'cancelled', error = 'The run was cancelled.', finished_at = ? WHERE id = ?",
            [now, .text(id)]
        )
        try connection.execute(
            "UPDATE task_runs SET state = 'cancelled', finished_at = ? WHERE run_id = ? AND state IN ('pending', 'running')",
            [now, .text(id)]
        )
        try tell(id, at: time, on: connection)
    }

    /// Lines of a task's log after a position.
    ///
    /// - Throws: `notFound` for the run or the task.
    func logs(run: String, task: String, after: Int64, limit: Int) async throws -> [LogLine] {
        try await database.read { connection in
            let known = try connection.first(
                "SELECT 1 AS one FROM task_runs WHERE run_id = ? AND task = ? LIMIT 1",
                [.text(run), .text(task)]
            )
            guard known != nil else {
                let exists = try connection.first("SELECT 1 AS one FROM pipeline_runs WHERE id = ?", [.text(run)])
                guard exists != nil else { throw Self.noRun(run) }
                throw MartletError(.notFound, "The run '\(run)' has no task '\(task.prefix(64))'.")
            }
            return try connection.query(
                "SELECT * FROM task_logs WHERE run_id = ? AND task = ? AND position > ? ORDER BY position LIMIT ?",
                [.text(run), .text(task), .integer(after), .int(limit)]
            ).map {
                LogLine(
                    position: try $0.int("position"),
                    attempt: Int(try $0.int("attempt")),
                    time: try $0.timestamp("logged_at"),
                    stream: LogLine.Stream(rawValue: try $0.text("stream")) ?? .output,
                    text: try $0.text("line")
                )
            }
        }
    }

    /// The finished runs past the newest `keptDirectories`, whose directories may go.
    func runsPastRetention() async throws(MartletError) -> [String] {
        try await database.read { connection in
            try connection.query(
                """
                SELECT id FROM pipeline_runs WHERE state IN ('succeeded', 'failed', 'cancelled')
                ORDER BY finished_at DESC, id DESC LIMIT 200 OFFSET ?
                """,
                [.int(PipelinesLimits.keptDirectories)]
            ).map { try $0.text("id") }
        }
    }
}

extension TaskRun {
    init(_ row: Row) throws(MartletError) {
        guard let state = TaskState(rawValue: try row.text("state")) else {
            throw MartletError(.internal, "The stored task state '\(try row.text("state"))' is unknown.")
        }
        self.init(
            task: try row.text("task"),
            attempt: Int(try row.int("attempt")),
            state: state,
            fraction: try row.double("fraction"),
            message: row.optionalText("message"),
            error: row.optionalText("error"),
            outputs: row.optionalText("outputs") == nil ? [:] : try row.json("outputs").objectValue ?? [:],
            item: row.optionalText("item") == nil ? nil : try row.json("item"),
            instances: row.optionalInt("instances").map { Int($0) },
            parent: row.optionalText("parent"),
            cachedFrom: Self.cachedFrom(row),
            artifacts: try Self.artifacts(row),
            codeHash: row.optionalText("code_hash"),
            usage: row.optionalText("usage") == nil ? nil : try row.json("usage"),
            startedAt: row.optionalTimestamp("started_at"),
            finishedAt: row.optionalTimestamp("finished_at")
        )
    }

    private static func cachedFrom(_ row: Row) -> CachedFrom? {
        guard let run = row.optionalText("cached_run"), let task = row.optionalText("cached_task") else { return nil }
        return CachedFrom(runID: run, task: task)
    }

    static func artifacts(_ row: Row) throws(MartletError) -> [ArtifactRecord] {
        guard row.optionalText("artifacts") != nil else { return [] }
        var records: [ArtifactRecord] = []
        for value in try row.json("artifacts").arrayValue ?? [] { records.append(try ArtifactRecord(value)) }
        return records
    }
}
