package import Core
package import Storage

/// Offers in the database that servers and workers share: one side makes and watches them, the other takes and ends them.
package struct OfferStore: Sendable {
    let database: Database
    let clock: Clock

    /// The table of offers.
    package static let migrations: [Migration] = [
        Migration(
            id: "pipeline-offers-0001",
            statements: [
                """
                CREATE TABLE pipeline_offers (
                    run_id TEXT NOT NULL, task TEXT NOT NULL, attempt INTEGER NOT NULL, queue TEXT NOT NULL,
                    job TEXT NOT NULL, state TEXT NOT NULL, worker TEXT, fence BIGINT NOT NULL, heartbeat_at BIGINT,
                    stop_requested INTEGER NOT NULL, outcome TEXT, usage TEXT, artifacts TEXT, offered_at BIGINT NOT NULL,
                    finished_at BIGINT, PRIMARY KEY (run_id, task, attempt)
                )
                """,
                "CREATE INDEX pipeline_offers_by_queue ON pipeline_offers (state, queue, offered_at)",
                "CREATE INDEX pipeline_offers_by_worker ON pipeline_offers (worker, state)",
            ]
        )
    ]

    /// Uses `database`, to which the migrations of pipelines have been applied.
    package init(database: Database, clock: Clock) {
        self.database = database
        self.clock = clock
    }

    /// Offers an attempt; one that is offered already stays as it is.
    ///
    /// This is what makes a server that was restarted go on waiting where the one before stopped.
    ///
    /// - Parameters:
    ///   - key: the attempt.
    ///   - job: what to run.
    ///   - queue: whose workers may take it.
    /// - Returns: whether it was not offered before.
    /// - Throws: `unavailable` when the database cannot be written.
    @discardableResult
    package func offer(_ key: Offer.Key, _ job: OfferedJob, queue: String) async throws(MartletError) -> Bool {
        let now = clock.now
        let old = now - PipelinesLimits.keptOffers
        return try await database.write { connection in
            // What is over and recorded goes; what a server has still to record stays.
            try connection.execute(
                """
                DELETE FROM pipeline_offers WHERE finished_at < ? AND state IN ('done', 'lost', 'withdrawn')
                    AND NOT EXISTS (SELECT 1 FROM task_runs WHERE task_runs.run_id = pipeline_offers.run_id
                        AND task_runs.task = pipeline_offers.task AND task_runs.attempt = pipeline_offers.attempt
                        AND task_runs.state = 'running')
                """,
                [.integer(old.milliseconds)]
            )
            return try connection.execute(
                """
                INSERT INTO pipeline_offers (run_id, task, attempt, queue, job, state, fence, stop_requested, offered_at)
                VALUES (?, ?, ?, ?, ?, 'offered', 0, 0, ?) ON CONFLICT (run_id, task, attempt) DO NOTHING
                """,
                Self.values(key) + [
                    .text(queue), .text(JSONValue.object(job.json).description), .integer(now.milliseconds),
                ]
            ) == 1
        }
    }

    /// How an offer stands.
    ///
    /// - Parameter key: the attempt.
    /// - Returns: the offer; nil when there is none.
    /// - Throws: `unavailable` when the database cannot be read.
    package func offer(_ key: Offer.Key) async throws(MartletError) -> Offer? {
        try await database.read { connection in
            let row = try connection.first(
                "SELECT * FROM pipeline_offers WHERE run_id = ? AND task = ? AND attempt = ?",
                Self.values(key)
            )
            return try row.map { try Offer(key, $0) }
        }
    }

    /// Asks that an attempt be stopped; one that nobody has is withdrawn here and now.
    ///
    /// - Parameter key: the attempt.
    /// - Throws: `unavailable` when the database cannot be written.
    package func stop(_ key: Offer.Key) async throws(MartletError) {
        let now = SQLValue.integer(clock.now.milliseconds)
        try await database.write { connection in
            let place = "WHERE run_id = ? AND task = ? AND attempt = ? AND state ="
            try connection.execute(
                "UPDATE pipeline_offers SET stop_requested = 1 \(place) 'claimed'",
                Self.values(key)
            )
            try connection.execute(
                "UPDATE pipeline_offers SET state = 'withdrawn', finished_at = ? \(place) 'offered'",
                [now] + Self.values(key)
            )
        }
    }

    /// Says that an offer's worker is gone, if it still has it as `seen`; its later writes fail then.
    ///
    /// - Parameter seen: the offer as it was when the worker was given up.
    /// - Returns: whether it was; not when the worker was heard of meanwhile.
    /// - Throws: `unavailable` when the database cannot be written.
    package func lose(_ seen: Offer) async throws(MartletError) -> Bool {
        let now = SQLValue.integer(clock.now.milliseconds)
        return try await database.write { connection in
            try connection.execute(
                """
                UPDATE pipeline_offers SET state = 'lost', fence = fence + 1, finished_at = ?
                WHERE run_id = ? AND task = ? AND attempt = ? AND state = 'claimed' AND fence = ? AND heartbeat_at = ?
                """,
                [now] + Self.values(seen.key) + [.integer(seen.fence), .integer(seen.heartbeat)]
            ) == 1
        }
    }

    static func values(_ key: Offer.Key) -> [SQLValue] {
        [.text(key.run), .text(key.task), .int(key.attempt)]
    }
}

extension Offer {
    init(_ key: Key, _ row: Row) throws(MartletError) {
        guard let state = State(rawValue: try row.text("state")) else {
            throw MartletError(.internal, "The stored state '\(try row.text("state"))' of an offer is unknown.")
        }
        self.init(
            key: key,
            state: state,
            worker: row.optionalText("worker"),
            fence: try row.int("fence"),
            heartbeat: row.optionalInt("heartbeat_at") ?? 0,
            outcome: row.optionalText("outcome") == nil ? nil : try Outcome(try row.json("outcome")),
            usage: row.optionalText("usage") == nil
                ? nil : try TaskUsage(json: try row.json("usage").objectValue ?? [:]),
            artifacts: row.optionalText("artifacts") == nil ? .null : try row.json("artifacts")
        )
    }
}

extension Offer.Outcome {
    init(_ json: JSONValue) throws(MartletError) {
        let fields = try JSONFields(json, path: "outcome")
        if let outputs = try fields.optionalObject("outputs") {
            self = .succeeded(outputs)
        } else {
            let code = MartletError.Code(rawValue: try fields.string("code")) ?? .failedPrecondition
            self = .failed(code, try fields.string("error"))
        }
    }

    var json: JSONValue {
        switch self {
        case .succeeded(let outputs): ["outputs": .object(outputs)]
        case .failed(let code, let message): ["code": .string(code.rawValue), "error": .string(message)]
        }
    }
}
