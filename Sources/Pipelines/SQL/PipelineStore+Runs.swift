import Core
import HTTPSupport
import Storage

extension PipelineStore {
    /// Records a new run with a first attempt of every task, all waiting; returns the earlier run's id for a known key.
    func insertRun(
        id: String,
        spec: PipelineSpec,
        directory: String,
        parameters: JSONObject,
        trigger: String,
        key: String?
    ) async throws(MartletError) -> String {
        let now = clock.now
        return try await database.write { connection in
            if let key, let earlier = try Self.runID(forKey: key, pipeline: spec.name, on: connection) {
                return earlier
            }
            let waiting = try connection.first("SELECT COUNT(*) AS n FROM pipeline_runs WHERE state = 'queued'")
            guard waiting?.optionalInt("n") ?? 0 < Int64(PipelinesLimits.queuedRuns) else {
                throw MartletError(
                    .resourceExhausted,
                    "\(PipelinesLimits.queuedRuns) runs wait already; try again when some have ended."
                )
            }
            try connection.execute(
                """
                INSERT INTO pipeline_runs (id, pipeline, spec, directory, parameters, cause, idempotency_key, state,
                    cancel_requested, fence, created_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', 0, 0, ?)
                """,
                [
                    .text(id), .text(spec.name), .text(spec.document.description), .text(directory),
                    .text(JSONValue.object(parameters).description), .text(trigger), SQLValue(key),
                    .integer(now.milliseconds),
                ]
            )
            for (position, task) in spec.tasks.enumerated() {
                try Self.insertAttempt(1, of: task.name, position: position, run: id, notBefore: nil, on: connection)
            }
            connection.note(
                Change(
                    object: "pipeline:\(spec.name)/run:\(id)",
                    before: nil,
                    after: ["state": "queued", "parameters": .object(parameters), "trigger": .string(trigger)]
                )
            )
            return id
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

    static func insertAttempt(
        _ attempt: Int,
        of task: String,
        position: Int,
        run: String,
        notBefore: Timestamp?,
        on connection: Connection
    ) throws(MartletError) {
        try connection.execute(
            """
            INSERT INTO task_runs (run_id, task, attempt, position, state, fraction, not_before)
            VALUES (?, ?, ?, ?, 'pending', 0, ?)
            """,
            [.text(run), .text(task), .int(attempt), .int(position), SQLValue(notBefore?.milliseconds)]
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
    func runs(pipeline: String?, limit: Int, token: String?) async throws -> Page<PipelineRun> {
        var condition = "1 = 1"
        var arguments: [SQLValue] = []
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

    private static func run(from row: Row, tasks: [TaskRun]) throws(MartletError) -> PipelineRun {
        guard let state = RunState(rawValue: try row.text("state")) else {
            throw MartletError(.internal, "The stored run state '\(try row.text("state"))' is unknown.")
        }
        return PipelineRun(
            id: try row.text("id"),
            pipeline: try row.text("pipeline"),
            state: state,
            parameters: try row.json("parameters").objectValue ?? [:],
            trigger: try row.text("cause"),
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
            "SELECT * FROM task_runs WHERE run_id = ? ORDER BY position, attempt DESC",
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
        let now = SQLValue.integer(time.milliseconds)
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
            try connection.execute(
                "UPDATE pipeline_runs SET state = 'cancelled', error = 'The run was cancelled.', finished_at = ? WHERE id = ?",
                [now, .text(id)]
            )
            try connection.execute(
                "UPDATE task_runs SET state = 'cancelled', finished_at = ? WHERE run_id = ? AND state = 'pending'",
                [now, .text(id)]
            )
            try self.tell(id, at: time, on: connection)
        }
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
            startedAt: row.optionalTimestamp("started_at"),
            finishedAt: row.optionalTimestamp("finished_at")
        )
    }
}
