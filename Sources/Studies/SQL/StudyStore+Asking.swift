package import Core
import Sampling
import Storage

extension StudyStore {
    /// A trial to make.
    ///
    /// What waits in line comes first, then what the sampler proposes. The proposal is made outside of the write, so
    /// that nobody waits for it, and made anew when another worker was given that number meanwhile.
    ///
    /// - Parameters:
    ///   - name: the study.
    ///   - worker: who will work on it, in its own words.
    ///   - key: makes the request repeatable: the same key gets the same trial.
    ///   - most: how many trials there may be, failed ones too; nil for what the study says.
    /// - Returns: the trial and its study.
    /// - Throws: `notFound`, `failedPrecondition` when the study has all its trials or nothing is left to try.
    package func ask(
        _ name: String,
        worker: String = "",
        key: String? = nil,
        most: Int? = nil
    ) async throws(MartletError) -> (trial: TrialRecord, study: StudyRecord) {
        try Self.check(worker: worker, key: key)
        let (cache, now) = (cache, clock.now)
        for _ in 0..<StudiesLimits.proposals {
            let draft = try await database.read { try Draft.make(try LiveStudy.load($0, name, cache), key, most, $0) }
            cache.keep(draft.live)
            if let known = draft.known { return (known, draft.live.study) }
            let taken = try await database.write { connection in
                try Self.take(connection, draft, worker: worker, key: key, now: now)
            }
            if let taken { return taken }
        }
        // Others were faster each time, so this time they wait.
        return try await database.write { connection in
            let draft = try Draft.make(try LiveStudy.load(connection, name, cache), key, most, connection)
            if let known = draft.known { return (known, draft.live.study) }
            guard let taken = try Self.take(connection, draft, worker: worker, key: key, now: now) else {
                throw MartletError(.unavailable, "The study '\(name)' changes too fast; ask again.")
            }
            return taken
        }
    }

    private static func check(worker: String, key: String?) throws(MartletError) {
        guard worker.utf8.count <= StudiesLimits.textBytes else {
            throw MartletError(.invalidArgument, "'worker' has at most \(StudiesLimits.textBytes) bytes.")
        }
        guard key.map({ (1...StudiesLimits.keyBytes).contains($0.utf8.count) }) ?? true else {
            throw MartletError(.invalidArgument, "'idempotency_key' has 1 to \(StudiesLimits.keyBytes) bytes.")
        }
    }

    /// What is to be tried next, as long as nobody was faster.
    struct Draft: Sendable {
        var live: LiveStudy
        /// The trial that the same key was given before.
        var known: TrialRecord?
        var number = 0
        /// Whether the trial waits in line and was not proposed by the sampler alone.
        var isWaiting = false
        var values: [Double] = []
        var generation: Int?

        static func make(_ live: LiveStudy, _ key: String?, _ most: Int?, _ connection: Connection) throws -> Draft {
            var draft = Draft(live: live)
            let arguments: [SQLValue] = [.text(live.study.id), SQLValue(key)]
            let before = "SELECT * FROM study_trials WHERE study_id = ? AND ask_key = ?"
            if key != nil, let row = try connection.first(before, arguments) {
                draft.known = try TrialRecord(row, live.study.spec)
                return draft
            }
            let trials = live.history.trials
            let first = trials.first { $0.state == .waiting }
            let limit = most ?? live.study.spec.trials
            let count = most == nil ? trials.count(where: { $0.state != .failed }) : trials.count
            if first == nil, let limit, count >= limit {
                throw MartletError(.failedPrecondition, "The study '\(live.study.name)' has all its \(limit) trials.")
            }
            draft.number = first?.number ?? trials.count
            draft.isWaiting = first != nil
            let proposal = try draft.live.sampler.propose(draft.number, in: live.history)
            draft.values = proposal.values
            draft.generation = first == nil ? proposal.generation : nil
            if let first { draft.values = live.history.space.joined(first.values, proposal.values) }
            return draft
        }
    }

    /// Gives the trial to a worker; nil when somebody else has it.
    private static func take(
        _ connection: Connection,
        _ draft: Draft,
        worker: String,
        key: String?,
        now: Timestamp
    ) throws -> (trial: TrialRecord, study: StudyRecord)? {
        var study = draft.live.study
        guard
            let row = try connection.first(
                "SELECT revision, trial_count FROM studies WHERE id = ?",
                [.text(study.id)]
            )
        else { throw MartletError(.notFound, "There is no study '\(study.name)' any more.") }
        let revision = try row.int("revision") + 1
        let params = JSONValue.object(study.spec.space.json(of: draft.values)).description
        let times: [SQLValue] = [.integer(now.milliseconds), .integer(now.milliseconds)]
        if draft.isWaiting {
            let changed = try connection.execute(
                """
                UPDATE study_trials SET state = 'running', params = ?, revision = ?, ask_key = ?, worker = ?,
                    started_at = ?, heartbeat_at = ? WHERE study_id = ? AND number = ? AND state = 'waiting'
                """,
                [.text(params), .integer(revision), SQLValue(key), .text(worker)] + times
                    + [.text(study.id), .int(draft.number)]
            )
            guard changed == 1 else { return nil }
        } else {
            guard try row.int("trial_count") == Int64(draft.number) else { return nil }
            guard draft.number < StudiesLimits.trials else {
                throw MartletError(.resourceExhausted, "A study has at most \(StudiesLimits.trials) trials.")
            }
            try connection.execute(
                "INSERT INTO study_trials VALUES (?, ?, 'running', ?, '[]', 0, '[]', ?, NULL, ?, ?, ?, 0, NULL, ?, '', "
                    + "'{}', ?, ?, NULL, ?)",
                [
                    .text(study.id), .int(draft.number), .text(params), SQLValue(draft.generation.map(Int64.init)),
                    .integer(revision), SQLValue(key), .text(worker), .integer(study.recordedMark),
                    .integer(now.milliseconds),
                ] + times
            )
            study.trialCount = draft.number + 1
        }
        try connection.execute(
            "UPDATE studies SET revision = ?, trial_count = ?, updated_at = ? WHERE id = ?",
            [
                .integer(revision), .int(max(study.trialCount, draft.number + 1)), .integer(now.milliseconds),
                .text(study.id),
            ]
        )
        guard let stored = try trialRow(connection, study, draft.number) else { return nil }
        return (try TrialRecord(stored, study.spec), study)
    }

    static func trialRow(_ connection: Connection, _ study: StudyRecord, _ number: Int) throws(MartletError) -> Row? {
        try connection.first(
            "SELECT * FROM study_trials WHERE study_id = ? AND number = ?",
            [.text(study.id), .int(number)]
        )
    }

    /// Puts a trial in line, with some or all of its parameters given.
    ///
    /// - Returns: the trial, which waits.
    /// - Throws: `notFound`, `invalidArgument` for a parameter outside of the space, `resourceExhausted`.
    package func enqueue(
        _ name: String,
        params: JSONObject,
        attributes: JSONObject = [:],
        key: String? = nil
    ) async throws(MartletError) -> TrialRecord {
        try Self.check(worker: "", key: key)
        let now = clock.now
        return try await database.write { connection in
            let study = try Self.study(connection, name)
            _ = try study.spec.space.values(of: params, path: "params")
            if let key,
                let row = try connection.first(
                    "SELECT * FROM study_trials WHERE study_id = ? AND ask_key = ?",
                    [.text(study.id), .text("enqueue:\(key)")]
                )
            {
                return try TrialRecord(row, study.spec)
            }
            let number = try Self.enqueue(
                connection,
                study,
                params: .object(params),
                attributes: attributes,
                attempt: 0,
                key: key.map { "enqueue:\($0)" },
                now: now
            )
            guard let row = try Self.trialRow(connection, study, number) else {
                throw MartletError(.internal, "Trial \(number) was not stored.")
            }
            return try TrialRecord(row, study.spec)
        }
    }

    /// Adds a trial that waits.
    @discardableResult
    static func enqueue(
        _ connection: Connection,
        _ study: StudyRecord,
        params: JSONValue,
        attributes: JSONObject,
        attempt: Int,
        key: String? = nil,
        now: Timestamp
    ) throws -> Int {
        let counts = try connection.first(
            """
            SELECT revision, trial_count,
                (SELECT COUNT(*) FROM study_trials WHERE study_id = ? AND state = 'waiting') AS waiting
            FROM studies WHERE id = ?
            """,
            [.text(study.id), .text(study.id)]
        )
        guard let counts else { throw MartletError(.notFound, "There is no study '\(study.name)' any more.") }
        let (number, revision) = (Int(try counts.int("trial_count")), try counts.int("revision") + 1)
        guard try counts.int("waiting") < Int64(StudiesLimits.waiting), number < StudiesLimits.trials else {
            throw MartletError(
                .resourceExhausted,
                "A study has at most \(StudiesLimits.waiting) trials in line and \(StudiesLimits.trials) in all."
            )
        }
        try connection.execute(
            "INSERT INTO study_trials VALUES (?, ?, 'waiting', ?, '[]', 0, '[]', NULL, NULL, ?, ?, '', ?, NULL, ?, '', ?, "
                + "?, NULL, NULL, NULL)",
            [
                .text(study.id), .int(number), .text(params.description), .integer(revision), SQLValue(key),
                .int(attempt), .integer(study.recordedMark), .text(JSONValue.object(attributes).description),
                .integer(now.milliseconds),
            ]
        )
        try connection.execute(
            "UPDATE studies SET revision = ?, trial_count = ?, updated_at = ? WHERE id = ?",
            [.integer(revision), .int(number + 1), .integer(now.milliseconds), .text(study.id)]
        )
        return number
    }
}

extension StudyRecord {
    /// What stands in `is_recorded` of trials that changed: 1 when no run is to be brought up to date.
    var recordedMark: Int64 { spec.experiment == nil || isRecordedElsewhere ? 1 : 0 }
}
