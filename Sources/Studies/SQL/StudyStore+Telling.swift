package import Core
import Sampling
import Storage

extension StudyStore {
    /// How a trial ended.
    package enum Outcome: Sendable, Equatable {
        case complete([Double], tieBreak: Double = 0)
        case pruned
        case failed(String)
    }

    /// Ends a running trial; told twice the same, the second changes nothing.
    ///
    /// Objectives that are not numbers make it fail: they cannot be compared.
    ///
    /// - Returns: the trial as it is now.
    /// - Throws: `notFound`, `invalidArgument` for another number of objectives, `failedPrecondition` for a trial that
    ///   waits or has ended otherwise.
    package func tell(
        _ name: String,
        _ number: Int,
        _ outcome: Outcome,
        attributes: JSONObject = [:]
    ) async throws(MartletError) -> TrialRecord {
        let now = clock.now
        return try await database.write { connection in
            let study = try self.known(connection, name)
            guard let row = try Self.trialRow(connection, study, number) else {
                throw MartletError(.notFound, "The study '\(name)' has no trial \(number).")
            }
            var record = try TrialRecord(row, study.spec)
            let told = try Self.applied(outcome, record.trial, study.spec)
            if record.trial.state == told.state, record.trial.objectives == told.objectives { return record }
            guard record.trial.state == .running else {
                throw MartletError(
                    .failedPrecondition,
                    "Trial \(number) is \(record.trial.state.rawValue); only a running trial can be told."
                )
            }
            record.trial = told
            if case .failed(let message) = outcome { record.message = String(message.prefix(StudiesLimits.textBytes)) }
            if told.state == .failed, record.message.isEmpty { record.message = "The objective is not a number." }
            for (key, value) in attributes.pairs { record.attributes[key] = value }
            try Self.end(connection, study, &record, now: now)
            return record
        }
    }

    /// The description of a study, which never changes, from the cache where it is.
    func known(_ connection: Connection, _ name: String) throws(MartletError) -> StudyRecord {
        if let live = cache.find(name),
            try connection.first("SELECT 1 AS one FROM studies WHERE id = ?", [.text(live.study.id)]) != nil
        {
            return live.study
        }
        return try Self.study(connection, name)
    }

    private static func applied(_ outcome: Outcome, _ trial: Trial, _ spec: StudySpec) throws(MartletError) -> Trial {
        var trial = trial
        switch outcome {
        case .pruned: trial.state = .pruned
        case .failed: trial.state = .failed
        case .complete(let objectives, let tieBreak):
            guard objectives.count == spec.directions.count else {
                throw MartletError(
                    .invalidArgument,
                    "The study has \(spec.directions.count) objectives (\(spec.objectives.joined(separator: ", "))), "
                        + "not \(objectives.count)."
                )
            }
            let isNumber = !objectives.contains(where: \.isNaN)
            trial.state = isNumber ? .complete : .failed
            trial.objectives = isNumber ? objectives : []
            trial.tieBreak = tieBreak.isNaN ? 0 : tieBreak
        }
        return trial
    }

    /// Writes a trial that has ended and counts it.
    static func end(
        _ connection: Connection,
        _ study: StudyRecord,
        _ record: inout TrialRecord,
        now: Timestamp
    ) throws {
        try connection.execute(
            """
            UPDATE studies SET revision = revision + 1, ending_count = ending_count + 1, updated_at = ? WHERE id = ?
            """,
            [.integer(now.milliseconds), .text(study.id)]
        )
        let counts = try connection.first(
            "SELECT revision, ending_count FROM studies WHERE id = ?",
            [.text(study.id)]
        )
        guard let counts else { throw MartletError(.notFound, "There is no study '\(study.name)' any more.") }
        record.trial.ending = Int(try counts.int("ending_count")) - 1
        record.endedAt = now
        try connection.execute(
            """
            UPDATE study_trials SET state = ?, objectives = ?, tie_break = ?, ending = ?, revision = ?, message = ?,
                attributes = ?, ended_at = ?, is_recorded = ? WHERE study_id = ? AND number = ?
            """,
            [
                .text(record.trial.state.rawValue), Trial.text(record.trial.objectives), .real(record.trial.tieBreak),
                .integer(try counts.int("ending_count") - 1), .integer(try counts.int("revision")),
                .text(record.message), .text(JSONValue.object(record.attributes).description),
                .integer(now.milliseconds), .integer(study.recordedMark), .text(study.id), .int(record.trial.number),
            ]
        )
    }

    /// Reports a value on the way, which also says that the worker lives; the first of a step stays.
    ///
    /// - Returns: whether the trial should be ended now.
    /// - Throws: `notFound`, `failedPrecondition` for a trial that does not run or a study with several objectives,
    ///   `invalidArgument` for a step below 0, `resourceExhausted` for too many reports.
    package func report(
        _ name: String,
        _ number: Int,
        step: Int,
        value: Double
    ) async throws(MartletError) -> Bool {
        guard (0...1_000_000_000).contains(step) else {
            throw MartletError(.invalidArgument, "'step' must lie between 0 and 1000000000, but is \(step).")
        }
        let (cache, now) = (cache, clock.now)
        let (live, prunes) = try await database.write { connection -> (LiveStudy, Bool) in
            var live = try LiveStudy.load(connection, name, cache)
            let study = live.study
            guard !live.history.isMultiObjective else {
                throw MartletError(.failedPrecondition, "A study with several objectives takes no reports.")
            }
            guard live.history.trials.indices.contains(number) else {
                throw MartletError(.notFound, "The study '\(name)' has no trial \(number).")
            }
            var trial = live.history.trials[number]
            guard trial.state == .running else {
                throw MartletError(
                    .failedPrecondition,
                    "Trial \(number) is \(trial.state.rawValue) and takes no reports."
                )
            }
            let isNew = trial.add(Trial.Report(step: step, value: value))
            guard trial.reports.count <= SamplingLimits.reports else {
                throw MartletError(.resourceExhausted, "A trial has at most \(SamplingLimits.reports) reports.")
            }
            guard isNew else { return (live, try Self.verdict(connection, study, number, step)) }
            let decision = study.spec.pruner.judge(trial, in: live.history, study: name)
            try Self.note(connection, study, trial, decision, step: step, value: value, now: now)
            trial.rungs = decision.rungs
            try live.history.put(trial)
            live.study.revision += 1
            return (live, decision.prunes)
        }
        cache.keep(live)
        return prunes
    }

    /// What was answered when that step was reported first.
    private static func verdict(
        _ connection: Connection,
        _ study: StudyRecord,
        _ number: Int,
        _ step: Int
    ) throws(MartletError) -> Bool {
        let row = try connection.first(
            "SELECT prunes FROM study_reports WHERE study_id = ? AND number = ? AND step = ?",
            [.text(study.id), .int(number), .int(step)]
        )
        return try row?.bool("prunes") ?? false
    }

    private static func note(
        _ connection: Connection,
        _ study: StudyRecord,
        _ trial: Trial,
        _ decision: PrunerSpec.Decision,
        step: Int,
        value: Double,
        now: Timestamp
    ) throws {
        let revision = SQLValue.integer(study.revision + 1)
        let (id, time) = (SQLValue.text(study.id), SQLValue.integer(now.milliseconds))
        try connection.execute("UPDATE studies SET revision = ?, updated_at = ? WHERE id = ?", [revision, time, id])
        try connection.execute(
            "INSERT INTO study_reports VALUES (?, ?, ?, ?, ?, ?)",
            [id, .int(trial.number), .int(step), value.isNaN ? .null : .real(value), revision, .bool(decision.prunes)]
        )
        if decision.rungs == trial.rungs {
            try connection.execute(
                "UPDATE study_trials SET heartbeat_at = ? WHERE study_id = ? AND number = ?",
                [time, id, .int(trial.number)]
            )
        } else {
            try connection.execute(
                "UPDATE study_trials SET heartbeat_at = ?, rungs = ?, revision = ? WHERE study_id = ? AND number = ?",
                [time, Trial.text(decision.rungs), revision, id, .int(trial.number)]
            )
        }
    }
}
