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
                if case .finish = change { try self.tell(lease.runID, at: now, on: connection) }
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
        case .end(let task, let attempt, let state, let error, let outputs):
            let fraction = state == .succeeded ? "1" : "fraction"
            try update(
                "state = ?, error = ?, outputs = ?, finished_at = ?, lease_owner = NULL, fraction = \(fraction)",
                [
                    .text(state.rawValue), SQLValue(error), SQLValue(outputs.map { JSONValue.object($0).description }),
                    .integer(now.milliseconds),
                ],
                task: task,
                attempt: attempt,
                from: .running,
                lease: lease,
                on: connection
            )
        case .drop(let task, let attempt, let state, let error):
            try update(
                "state = ?, error = ?, finished_at = ?",
                [.text(state.rawValue), SQLValue(error), .integer(now.milliseconds)],
                task: task,
                attempt: attempt,
                from: .pending,
                lease: lease,
                on: connection
            )
        case .plan(let task, let attempt, let time): try plan(task, attempt, at: time, lease: lease, on: connection)
        case .log(let task, let attempt, let batch): try log(task, attempt, batch, lease: lease, on: connection)
        case .finish(let state, let error):
            try connection.execute(
                "UPDATE pipeline_runs SET state = ?, error = ?, finished_at = ?, lease_owner = NULL WHERE id = ?",
                [.text(state.rawValue), SQLValue(error), .integer(now.milliseconds), .text(lease.runID)]
            )
        }
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
        let row = try connection.first(
            "SELECT MAX(position) AS position FROM task_runs WHERE run_id = ? AND task = ?",
            [.text(lease.runID), .text(task)]
        )
        let position = Int(row?.optionalInt("position") ?? 0)
        try insertAttempt(attempt, of: task, position: position, run: lease.runID, notBefore: time, on: connection)
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
