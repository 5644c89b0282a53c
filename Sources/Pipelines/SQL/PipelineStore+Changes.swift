package import Core
import Storage

extension PipelineStore {
    /// Records changes of a run, all or none, if the lease still holds.
    ///
    /// - Throws: `failedPrecondition` when another driver has the run, or an attempt is not in the state that the change
    ///   starts from: so every attempt has exactly one recorded result.
    package func record(_ changes: [RunChange], lease: RunLease) async throws(MartletError) {
        guard !changes.isEmpty else { return }
        let now = clock.now
        try await database.write { connection in
            try Self.requireLease(lease, on: connection)
            for change in changes {
                try Self.apply(change, lease: lease, now: now, on: connection)
                switch change {
                case .finish: try self.tell(lease.runID, at: now, on: connection)
                case .end(_, _, _, _, _, let record):
                    if let ending = record.ending { try self.taskOutbox(connection, ending) }
                default: break
                }
            }
        }
    }

    private static func apply(
        _ change: RunChange,
        lease: RunLease,
        now: Timestamp,
        on connection: Connection
    ) throws(MartletError) {
        switch change {
        case .start(let task, let attempt, let marker):
            try update(
                "state = 'running', lease_owner = ?, fence = ?, heartbeat_at = ?, started_at = ?, marker = ?",
                [
                    .text(lease.owner), .integer(lease.fence), .integer(now.milliseconds), .integer(now.milliseconds),
                    .text(marker),
                ],
                task: task,
                attempt: attempt,
                from: .pending,
                lease: lease,
                on: connection
            )
        case .end(let task, let attempt, let state, let error, let outputs, let record):
            try end(
                task,
                attempt,
                (state, error, outputs.map { JSONValue.object($0).description }),
                record,
                lease: lease,
                now: now,
                on: connection
            )
        case .drop(let task, let attempt, let state, let error, let cause):
            try update(
                "state = ?, error = ?, finished_at = ?, skip_cause = ?",
                [.text(state.rawValue), SQLValue(error), .integer(now.milliseconds), SQLValue(cause?.rawValue)],
                task: task,
                attempt: attempt,
                from: .pending,
                lease: lease,
                on: connection
            )
        case .plan(let task, let attempt, let time): try plan(task, attempt, at: time, lease: lease, on: connection)
        case .open(let task, let attempt, let items):
            try open(task, attempt, items, lease: lease, now: now, on: connection)
        case .admit(let task, let attempt, let place):
            try connection.execute(
                """
                INSERT INTO task_runs (run_id, task, attempt, position, part, state, fraction)
                VALUES (?, ?, ?, ?, ?, 'pending', 0)
                """,
                [
                    .text(lease.runID), .text(task), .int(attempt), .int(place), .int(PipelinesLimits.fanOut + 1),
                ]
            )
        case .log(let task, let attempt, let batch): try log(task, attempt, batch, lease: lease, on: connection)
        case .finish(let state, let error):
            try connection.execute(
                "UPDATE pipeline_runs SET state = ?, error = ?, finished_at = ?, lease_owner = NULL WHERE id = ?",
                [.text(state.rawValue), SQLValue(error), .integer(now.milliseconds), .text(lease.runID)]
            )
        }
    }

    private static func end(
        _ task: String,
        _ attempt: Int,
        _ result: (state: TaskState, error: String?, outputs: String?),
        _ record: AttemptRecord,
        lease: RunLease,
        now: Timestamp,
        on connection: Connection
    ) throws(MartletError) {
        var assignments = "state = ?, error = ?, outputs = ?, finished_at = ?, lease_owner = NULL"
        var values: [SQLValue] = [
            .text(result.state.rawValue), SQLValue(result.error), SQLValue(result.outputs), .integer(now.milliseconds),
        ]
        if result.state == .succeeded { assignments += ", fraction = 1" }
        let artifacts =
            record.artifacts.isEmpty ? nil : JSONValue.array(record.artifacts.map(\.json)).description
        let further: [(String, String?)] = [
            ("usage", record.usage?.description), ("artifacts", artifacts), ("code_hash", record.codeHash),
            ("cached_run", record.cachedFrom?.runID), ("cached_task", record.cachedFrom?.task),
        ]
        for (column, value) in further {
            guard let value else { continue }
            assignments += ", \(column) = ?"
            values.append(.text(value))
        }
        try update(assignments, values, task: task, attempt: attempt, from: .running, lease: lease, on: connection)
        guard result.state == .succeeded, let key = record.cacheKey, record.cachedFrom == nil else { return }
        try connection.execute(
            """
            INSERT INTO pipeline_cache (cache_key, run_id, task, attempt, outputs, artifacts, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT (cache_key) DO UPDATE SET run_id = excluded.run_id, task = excluded.task,
                attempt = excluded.attempt, outputs = excluded.outputs, artifacts = excluded.artifacts,
                created_at = excluded.created_at
            """,
            [
                .text(key), .text(lease.runID), .text(task), .int(attempt), .text(result.outputs ?? "{}"),
                .text(artifacts ?? "[]"), .integer(now.milliseconds),
            ]
        )
    }

    private static func open(
        _ task: String,
        _ attempt: Int,
        _ items: [JSONValue],
        lease: RunLease,
        now: Timestamp,
        on connection: Connection
    ) throws(MartletError) {
        let time = SQLValue.integer(now.milliseconds)
        try update(
            "state = 'running', instances = ?, started_at = ?, fence = ?",
            [.int(items.count), time, .integer(lease.fence)],
            task: task,
            attempt: attempt,
            from: .pending,
            lease: lease,
            on: connection
        )
        let row = try connection.first(
            "SELECT MAX(position) AS position FROM task_runs WHERE run_id = ? AND task = ?",
            [.text(lease.runID), .text(task)]
        )
        let position = Int(row?.optionalInt("position") ?? 0)
        let rows = items.enumerated().map { index, item in
            NewAttempt(
                task: "\(task).\(index)",
                attempt: 1,
                position: position,
                part: index + 1,
                parent: task,
                item: item
            )
        }
        try insert(rows, run: lease.runID, on: connection)
    }

    private static func update(
        _ assignments: String,
        _ values: [SQLValue],
        task: String,
        attempt: Int,
        from state: TaskState,
        lease: RunLease,
        on connection: Connection
    ) throws(MartletError) {
        let changed = try connection.execute(
            "UPDATE task_runs SET \(assignments) WHERE run_id = ? AND task = ? AND attempt = ? AND state = ?",
            values + [.text(lease.runID), .text(task), .int(attempt), .text(state.rawValue)]
        )
        guard changed == 1 else {
            throw MartletError(
                .failedPrecondition,
                "Attempt \(attempt) of the task '\(task)' is not \(state.rawValue) any more; its result is recorded already."
            )
        }
    }

    private static func plan(
        _ task: String,
        _ attempt: Int,
        at time: Timestamp,
        lease: RunLease,
        on connection: Connection
    ) throws(MartletError) {
        try insertNext(after: attempt - 1, of: task, run: lease.runID, notBefore: time, on: connection)
    }

    private static func log(
        _ task: String,
        _ attempt: Int,
        _ batch: TaskLog.Batch,
        lease: RunLease,
        on connection: Connection
    ) throws(MartletError) {
        if let progress = batch.progress {
            try connection.execute(
                "UPDATE task_runs SET fraction = ?, message = ? WHERE run_id = ? AND task = ? AND attempt = ?",
                [
                    .real(progress.fraction), .text(progress.message), .text(lease.runID), .text(task), .int(attempt),
                ]
            )
        }
        guard !batch.lines.isEmpty else { return }
        let row = try connection.first(
            "SELECT COALESCE(MAX(position), 0) AS last FROM task_logs WHERE run_id = ? AND task = ?",
            [.text(lease.runID), .text(task)]
        )
        var position = row?.optionalInt("last") ?? 0
        for line in batch.lines {
            position += 1
            try connection.execute(
                """
                INSERT INTO task_logs (run_id, task, position, attempt, logged_at, stream, line)
                VALUES (?, ?, ?, ?, ?, ?, ?)
                """,
                [
                    .text(lease.runID), .text(task), .integer(position), .int(line.attempt),
                    .integer(line.time.milliseconds), .text(line.stream.rawValue), .text(line.text),
                ]
            )
        }
    }
}
