package import Core
import Storage

/// What workers write; each write holds only under the claim's fence.
extension OfferStore {
    /// Takes offers that wait, the oldest first.
    ///
    /// - Parameters:
    ///   - worker: who takes them.
    ///   - queues: which queues it serves.
    ///   - limit: how many it has room for.
    /// - Returns: what it has from here on.
    /// - Throws: `unavailable` when the database cannot be reached.
    package func claim(worker: String, queues: [String], limit: Int) async throws(MartletError) -> [OfferClaim] {
        guard limit > 0, !queues.isEmpty else { return [] }
        let places = queues.map { _ in "?" }.joined(separator: ", ")
        let sql = """
            SELECT * FROM pipeline_offers WHERE state = 'offered' AND queue IN (\(places))
            ORDER BY offered_at, run_id, task, attempt LIMIT ?
            """
        let values = queues.map { SQLValue.text($0) } + [.int(limit)]
        // Looking costs no lock; only what is there is worth one.
        let waiting = try await database.read { connection in try connection.query(sql, values).count }
        guard waiting > 0 else { return [] }
        let now = SQLValue.integer(clock.now.milliseconds)
        return try await database.write { connection in
            try connection.query(sql, values).map { row in
                let key = Offer.Key(
                    run: try row.text("run_id"),
                    task: try row.text("task"),
                    attempt: Int(try row.int("attempt"))
                )
                let claim = OfferClaim(
                    key: key,
                    worker: worker,
                    fence: try row.int("fence") + 1,
                    job: OfferedJob(json: try row.json("job").objectValue ?? [:])
                )
                try connection.execute(
                    """
                    UPDATE pipeline_offers SET state = 'claimed', worker = ?, fence = ?, heartbeat_at = ?
                    WHERE run_id = ? AND task = ? AND attempt = ? AND state = 'offered'
                    """,
                    [.text(worker), .integer(claim.fence), now] + Self.values(key)
                )
                return claim
            }
        }
    }

    /// Says that a worker lives.
    ///
    /// - Parameter worker: the worker.
    /// - Returns: its claims by attempt, each with its fence and whether it is to stop; what is missing it has lost.
    /// - Throws: `unavailable` when the database cannot be reached.
    package func heartbeat(
        worker: String
    ) async throws(MartletError) -> [Offer.Key: (fence: Int64, isStopRequested: Bool)] {
        let now = SQLValue.integer(clock.now.milliseconds)
        return try await database.write { connection in
            try connection.execute(
                "UPDATE pipeline_offers SET heartbeat_at = ? WHERE worker = ? AND state = 'claimed'",
                [now, .text(worker)]
            )
            let rows = try connection.query(
                """
                SELECT run_id, task, attempt, fence, stop_requested FROM pipeline_offers
                WHERE worker = ? AND state = 'claimed'
                """,
                [.text(worker)]
            )
            var held: [Offer.Key: (fence: Int64, isStopRequested: Bool)] = [:]
            for row in rows {
                let key = Offer.Key(
                    run: try row.text("run_id"),
                    task: try row.text("task"),
                    attempt: Int(try row.int("attempt"))
                )
                held[key] = (try row.int("fence"), try row.bool("stop_requested"))
            }
            return held
        }
    }

    /// Records lines and progress of an attempt.
    ///
    /// - Parameters:
    ///   - batch: what the attempt said.
    ///   - claim: under which it runs.
    /// - Throws: `failedPrecondition` when the claim is lost; nothing is recorded then.
    package func record(_ batch: TaskLog.Batch, _ claim: OfferClaim) async throws(MartletError) {
        guard !batch.isEmpty else { return }
        try await database.write { connection in
            try Self.require(claim, on: connection)
            try Self.write(batch, claim.key, on: connection)
        }
    }

    /// Records how an attempt ended, with the last of its lines.
    ///
    /// - Parameters:
    ///   - claim: under which it ran.
    ///   - outcome: how it ended.
    ///   - usage: what it used.
    ///   - artifacts: what it left.
    ///   - rest: its last lines.
    /// - Throws: `failedPrecondition` when the claim is lost; nothing is recorded then.
    package func finish(
        _ claim: OfferClaim,
        _ outcome: Offer.Outcome,
        usage: TaskUsage?,
        artifacts: JSONValue = .null,
        rest: TaskLog.Batch
    ) async throws(MartletError) {
        let now = SQLValue.integer(clock.now.milliseconds)
        try await database.write { connection in
            try Self.require(claim, on: connection)
            try Self.write(rest, claim.key, on: connection)
            try connection.execute(
                """
                UPDATE pipeline_offers SET state = 'done', outcome = ?, usage = ?, artifacts = ?, finished_at = ?
                WHERE run_id = ? AND task = ? AND attempt = ?
                """,
                [
                    .text(outcome.json.description), SQLValue(usage.map { JSONValue.object($0.json).description }),
                    artifacts == .null ? .null : .text(artifacts.description), now,
                ] + Self.values(claim.key)
            )
        }
    }

    /// Gives an attempt back that the worker will not end, so that another one begins it anew.
    ///
    /// - Parameters:
    ///   - claim: under which it ran.
    ///   - rest: its last lines.
    /// - Throws: `failedPrecondition` when the claim is lost.
    package func giveBack(_ claim: OfferClaim, rest: TaskLog.Batch) async throws(MartletError) {
        try await database.write { connection in
            try Self.require(claim, on: connection)
            try Self.write(rest, claim.key, on: connection)
            try connection.execute(
                """
                UPDATE pipeline_offers SET state = 'offered', worker = NULL, fence = fence + 1, heartbeat_at = NULL
                WHERE run_id = ? AND task = ? AND attempt = ?
                """,
                Self.values(claim.key)
            )
        }
    }

    private static func require(_ claim: OfferClaim, on connection: Connection) throws(MartletError) {
        let row = try connection.first(
            """
            SELECT 1 AS one FROM pipeline_offers
            WHERE run_id = ? AND task = ? AND attempt = ? AND state = 'claimed' AND worker = ? AND fence = ?
            """,
            values(claim.key) + [.text(claim.worker), .integer(claim.fence)]
        )
        guard row != nil else { throw claim.lost }
    }

    /// The lines go where those of the server's own tasks are, so that whoever follows a log sees no difference.
    private static func write(
        _ batch: TaskLog.Batch,
        _ key: Offer.Key,
        on connection: Connection
    ) throws(MartletError) {
        if let progress = batch.progress {
            try connection.execute(
                """
                UPDATE task_runs SET fraction = ?, message = ?
                WHERE run_id = ? AND task = ? AND attempt = ? AND state = 'running'
                """,
                [.real(progress.fraction), .text(progress.message)] + values(key)
            )
        }
        guard !batch.lines.isEmpty else { return }
        let row = try connection.first(
            "SELECT COALESCE(MAX(position), 0) AS last FROM task_logs WHERE run_id = ? AND task = ?",
            [.text(key.run), .text(key.task)]
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
                    .text(key.run), .text(key.task), .integer(position), .int(line.attempt),
                    .integer(line.time.milliseconds), .text(line.stream.rawValue), .text(line.text),
                ]
            )
        }
    }
}
