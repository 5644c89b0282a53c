package import Core
import Storage

extension PipelineStore {
    /// Takes runs that nobody drives: queued ones, and those whose driver was last heard of before `deadline`.
    ///
    /// Raises each run's fencing token, so that the earlier driver's writes fail from here on.
    package func claim(owner: String, limit: Int, heardBefore deadline: Timestamp) async throws(MartletError)
        -> [RunLease]
    {
        let now = clock.now
        return try await database.write { connection in
            let rows = try connection.query(
                """
                SELECT id, pipeline, fence, state, concurrency FROM pipeline_runs AS candidate
                WHERE state IN ('queued', 'running')
                    AND (lease_owner IS NULL OR (lease_owner <> ? AND heartbeat_at < ?))
                    AND (state = 'running' OR concurrency IS NULL OR concurrency > (
                        SELECT COUNT(*) FROM pipeline_runs AS other
                        WHERE other.pipeline = candidate.pipeline AND other.state = 'running'
                    ))
                ORDER BY CASE state WHEN 'running' THEN 0 ELSE 1 END, priority DESC, created_at, id LIMIT ?
                """,
                [.text(owner), .integer(deadline.milliseconds), .int(limit)]
            )
            return try rows.compactMap { row in
                // Of several that the query saw room for, the first may have taken it.
                if try row.text("state") == "queued", let most = row.optionalInt("concurrency") {
                    let active = try connection.first(
                        "SELECT COUNT(*) AS n FROM pipeline_runs WHERE pipeline = ? AND state = 'running'",
                        [.text(try row.text("pipeline"))]
                    )
                    guard active?.optionalInt("n") ?? 0 < most else { return nil }
                }
                let lease = RunLease(runID: try row.text("id"), owner: owner, fence: try row.int("fence") + 1)
                try connection.execute(
                    """
                    UPDATE pipeline_runs SET state = 'running', lease_owner = ?, fence = ?, heartbeat_at = ?,
                        started_at = COALESCE(started_at, ?) WHERE id = ?
                    """,
                    [
                        .text(owner), .integer(lease.fence), .integer(now.milliseconds), .integer(now.milliseconds),
                        .text(lease.runID),
                    ]
                )
                return lease
            }
        }
    }

    /// Says that `owner` lives, and returns its runs with whether each was asked to stop.
    package func heartbeat(owner: String) async throws(MartletError) -> [String: Bool] {
        let now = SQLValue.integer(clock.now.milliseconds)
        return try await database.write { connection in
            for table in ["pipeline_runs", "task_runs"] {
                try connection.execute(
                    "UPDATE \(table) SET heartbeat_at = ? WHERE lease_owner = ? AND state = 'running'",
                    [now, .text(owner)]
                )
            }
            let rows = try connection.query(
                "SELECT id, cancel_requested FROM pipeline_runs WHERE lease_owner = ? AND state = 'running'",
                [.text(owner)]
            )
            var runs: [String: Bool] = [:]
            for row in rows { runs[try row.text("id")] = try row.bool("cancel_requested") }
            return runs
        }
    }

    /// Gives a run back at an orderly stop; its attempts under way are planned anew without counting against them.
    func release(_ lease: RunLease) async throws(MartletError) {
        let now = clock.now
        try await database.write { connection in
            try Self.requireLease(lease, on: connection)
            let running = try connection.query(
                "SELECT task, attempt FROM task_runs WHERE run_id = ? AND state = 'running' AND instances IS NULL",
                [.text(lease.runID)]
            )
            for row in running {
                let (task, attempt) = (try row.text("task"), Int(try row.int("attempt")))
                try connection.execute(
                    """
                    UPDATE task_runs SET state = 'lost', lease_owner = NULL, finished_at = ?, marker = NULL,
                        error = 'The server stopped; the task is tried again.'
                    WHERE run_id = ? AND task = ? AND attempt = ?
                    """,
                    [.integer(now.milliseconds), .text(lease.runID), .text(task), .int(attempt)]
                )
                try Self.insertNext(after: attempt, of: task, run: lease.runID, notBefore: now, on: connection)
            }
            try connection.execute("UPDATE pipeline_runs SET lease_owner = NULL WHERE id = ?", [.text(lease.runID)])
        }
    }

    /// Gives up a run that this server holds and does not drive, so that it is taken again.
    func abandon(run: String, owner: String) async throws(MartletError) {
        try await database.write { connection in
            try connection.execute(
                "UPDATE pipeline_runs SET lease_owner = NULL WHERE id = ? AND lease_owner = ?",
                [.text(run), .text(owner)]
            )
        }
    }

    /// The run as it stands, for the driver that just took it.
    func snapshot(_ lease: RunLease) async throws(MartletError) -> RunSnapshot {
        let run = try await run(lease.runID)
        return try await database.read { connection in
            guard let row = try connection.first("SELECT * FROM pipeline_runs WHERE id = ?", [.text(lease.runID)])
            else {
                throw Self.noRun(lease.runID)
            }
            let attempts = try connection.query(
                "SELECT task, attempt, state, marker, not_before, skip_cause FROM task_runs WHERE run_id = ?",
                [.text(lease.runID)]
            )
            let byTask = Dictionary(grouping: attempts) { $0.optionalText("task") ?? "" }
            let tasks = run.tasks.map { latest in
                // A run that was taken up again has its retries anew: planned then, an attempt has no time to wait for.
                let all = byTask[latest.task] ?? []
                let first = all.filter { $0.optionalInt("not_before") == nil }.compactMap { $0.optionalInt("attempt") }
                    .max()
                let rows = all.filter { $0.optionalInt("attempt") ?? 0 >= first ?? 1 }
                let last = rows.first { $0.optionalInt("attempt") == Int64(latest.attempt) }
                return RunSnapshot.Task(
                    name: latest.task,
                    latest: latest,
                    marker: last?.optionalText("marker"),
                    notBefore: last?.optionalTimestamp("not_before"),
                    skip: last?.optionalText("skip_cause").flatMap(SkipCause.init),
                    failures: rows.count { $0.optionalText("state") == TaskState.failed.rawValue },
                    // A marker stays on attempts whose server vanished; an orderly stop removes it and counts nothing.
                    losses: rows.count {
                        $0.optionalText("state") == TaskState.lost.rawValue && $0.optionalText("marker") != nil
                    }
                )
            }
            return RunSnapshot(
                run: run,
                document: try row.json("spec"),
                directory: try row.text("directory"),
                tasks: tasks
            )
        }
    }

    static func requireLease(_ lease: RunLease, on connection: Connection) throws(MartletError) {
        let row = try connection.first(
            "SELECT lease_owner, fence FROM pipeline_runs WHERE id = ?",
            [.text(lease.runID)]
        )
        guard row?.optionalText("lease_owner") == lease.owner, row?.optionalInt("fence") == lease.fence else {
            throw lease.lost
        }
    }
}
