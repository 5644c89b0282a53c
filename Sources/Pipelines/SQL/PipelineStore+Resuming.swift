import Core
import Storage

extension PipelineStore {
    /// Plans another attempt of every task of an ended run that did not succeed, and puts the run into the queue.
    ///
    /// - Throws: `notFound`, or `failedPrecondition` when it has not ended, has succeeded, or never began.
    func resume(_ id: String, spec: PipelineSpec) async throws(MartletError) {
        let now = clock.now
        try await database.write { connection in
            guard let row = try connection.first("SELECT state FROM pipeline_runs WHERE id = ?", [.text(id)]) else {
                throw Self.noRun(id)
            }
            let state = try row.text("state")
            guard state == RunState.failed.rawValue || state == RunState.cancelled.rawValue else {
                let reason = state == RunState.succeeded.rawValue ? "has succeeded" : "has not ended: it is \(state)"
                throw MartletError(
                    .failedPrecondition,
                    "The run '\(id)' \(reason); only a failed or cancelled one goes on."
                )
            }
            let rows = try connection.query(
                """
                SELECT task, attempt, state, skip_cause, instances, parent, part FROM task_runs
                WHERE run_id = ? ORDER BY position, part, task, attempt DESC
                """,
                [.text(id)]
            )
            guard !rows.isEmpty else {
                throw MartletError(.failedPrecondition, "The run '\(id)' was skipped and never began; start a new one.")
            }
            var last = ""
            for row in rows {
                let task = try row.text("task")
                guard task != last else { continue }
                last = task
                try Self.renew(row, task, run: id, at: now, on: connection)
            }
            connection.note(
                Change(object: "pipeline_run:\(id)", before: ["state": .string(state)], after: ["state": "queued"])
            )
            try connection.execute(
                """
                UPDATE pipeline_runs SET state = 'queued', error = NULL, cancel_requested = 0, finished_at = NULL,
                    lease_owner = NULL WHERE id = ?
                """,
                [.text(id)]
            )
        }
    }

    private static func renew(
        _ row: Row,
        _ task: String,
        run: String,
        at now: Timestamp,
        on connection: Connection
    ) throws(MartletError) {
        let state = TaskState(rawValue: try row.text("state"))
        // What succeeded stays, as does what was skipped for a reason that is still good. Handlers run when they are needed.
        let isHandler = try row.int("part") > Int64(PipelinesLimits.fanOut)
        let skip = row.optionalText("skip_cause").flatMap(SkipCause.init)
        guard state != .succeeded, !isHandler, skip == nil || skip == .upstream else { return }
        let attempt = Int(try row.int("attempt"))
        try insertNext(after: attempt, of: task, run: run, notBefore: nil, on: connection)
        guard let instances = row.optionalInt("instances") else { return }
        // A task that fanned out goes on with the values it had.
        try connection.execute(
            """
            UPDATE task_runs SET state = 'running', instances = ?, started_at = ?
            WHERE run_id = ? AND task = ? AND attempt = ?
            """,
            [.integer(instances), .integer(now.milliseconds), .text(run), .text(task), .int(attempt + 1)]
        )
    }

    /// A pipeline as it was when a run was asked for.
    func runDocument(_ id: String) async throws(MartletError) -> JSONValue {
        try await database.read { connection in
            guard let row = try connection.first("SELECT spec FROM pipeline_runs WHERE id = ?", [.text(id)]) else {
                throw Self.noRun(id)
            }
            return try row.json("spec")
        }
    }

    /// The manifest's directory when a run was asked for.
    func runDirectory(_ id: String) async throws(MartletError) -> String {
        try await database.read { connection in
            guard let row = try connection.first("SELECT directory FROM pipeline_runs WHERE id = ?", [.text(id)]) else {
                throw Self.noRun(id)
            }
            return try row.text("directory")
        }
    }

    /// The runs of a pipeline that were asked to stop and have not ended.
    func cancelRequested(pipeline: String) async throws(MartletError) -> [String] {
        try await database.read { connection in
            try connection.query(
                "SELECT id FROM pipeline_runs WHERE pipeline = ? AND state = 'running' AND cancel_requested = 1",
                [.text(pipeline)]
            ).map { try $0.text("id") }
        }
    }
}
