package import Core
package import Sampling
import Storage

extension StudyStore {
    /// Says that the worker of a running trial lives.
    ///
    /// - Throws: `notFound`, `failedPrecondition` for a trial that does not run any more: the worker should stop.
    package func heartbeat(_ name: String, _ number: Int) async throws(MartletError) {
        let now = clock.now
        try await database.write { connection in
            let study = try self.known(connection, name)
            let changed = try connection.execute(
                "UPDATE study_trials SET heartbeat_at = ? WHERE study_id = ? AND number = ? AND state = 'running'",
                [.integer(now.milliseconds), .text(study.id), .int(number)]
            )
            guard changed == 0 else { return }
            guard let row = try Self.trialRow(connection, study, number) else {
                throw MartletError(.notFound, "The study '\(name)' has no trial \(number).")
            }
            throw MartletError(.failedPrecondition, "Trial \(number) is \(try row.text("state")).")
        }
    }

    /// Writes what a worker reported to a pruner of its own; steps that are known stay.
    ///
    /// - Throws: `notFound`, `failedPrecondition` for a trial that does not run.
    package func note(_ name: String, _ trial: Trial) async throws(MartletError) {
        let now = clock.now
        try await database.write { connection in
            let study = try Self.study(connection, name)
            let revision = SQLValue.integer(study.revision + 1)
            let place: [SQLValue] = [.text(study.id), .int(trial.number)]
            try connection.execute("UPDATE studies SET revision = ? WHERE id = ?", [revision, .text(study.id)])
            let changed = try connection.execute(
                """
                UPDATE study_trials SET rungs = ?, revision = ?, heartbeat_at = ?
                WHERE study_id = ? AND number = ? AND state = 'running'
                """,
                [Trial.text(trial.rungs), revision, .integer(now.milliseconds)] + place
            )
            guard changed == 1 else {
                throw MartletError(.failedPrecondition, "Trial \(trial.number) of '\(name)' does not run.")
            }
            for report in trial.reports.prefix(SamplingLimits.reports) {
                try connection.execute(
                    "INSERT INTO study_reports VALUES (?, ?, ?, ?, ?, 0) ON CONFLICT (study_id, number, step) DO NOTHING",
                    place + [.int(report.step), report.value.isNaN ? .null : .real(report.value), revision]
                )
            }
        }
    }

    /// Ends trials whose worker was silent for too long, and puts them in line again as often as the study says.
    ///
    /// - Returns: how many there were.
    @discardableResult
    package func sweep() async throws(MartletError) -> Int {
        let now = clock.now
        let stale = try await database.read { connection in
            try connection.query(
                """
                SELECT s.name, t.number FROM studies s JOIN study_trials t ON t.study_id = s.id AND t.state = 'running'
                WHERE s.heartbeat_ms IS NOT NULL AND t.heartbeat_at + s.heartbeat_ms < ? ORDER BY s.name, t.number LIMIT ?
                """,
                [.integer(now.milliseconds), .int(StudiesLimits.recorded)]
            )
        }
        for row in stale {
            let (name, number) = (try row.text("name"), Int(try row.int("number")))
            try await database.write { try Self.expire($0, name, number, now: now) }
        }
        return stale.count
    }

    private static func expire(_ connection: Connection, _ name: String, _ number: Int, now: Timestamp) throws {
        let study = try study(connection, name)
        guard let rule = study.spec.heartbeat, let row = try trialRow(connection, study, number) else { return }
        var record = try TrialRecord(row, study.spec)
        // It may have ended, or been heard of, since it was found.
        guard record.trial.state == .running, let heard = row.optionalInt("heartbeat_at"),
            heard + rule.timeout < now.milliseconds
        else { return }
        record.trial.state = .failed
        record.message = "Its worker was silent for more than \(rule.timeout) ms."
        try end(connection, study, &record, now: now)
        guard record.attempt < rule.retries else { return }
        var attributes = record.attributes
        attributes["retries"] = .int(number)
        try enqueue(
            connection,
            study,
            params: try row.json("params"),
            attributes: attributes,
            attempt: record.attempt + 1,
            now: now
        )
    }

    /// One trial with its reports.
    ///
    /// - Throws: `notFound`.
    package func trial(_ name: String, _ number: Int) async throws(MartletError) -> (TrialRecord, StudyRecord) {
        try await database.read { connection in
            let study = try Self.study(connection, name)
            guard let row = try Self.trialRow(connection, study, number) else {
                throw MartletError(.notFound, "The study '\(name)' has no trial \(number).")
            }
            var record = try TrialRecord(row, study.spec)
            let reports = try connection.query(
                "SELECT step, value FROM study_reports WHERE study_id = ? AND number = ? ORDER BY step",
                [.text(study.id), .int(number)]
            )
            for row in reports {
                record.trial.add(
                    Trial.Report(step: Int(try row.int("step")), value: row.optionalDouble("value") ?? .nan)
                )
            }
            return (record, study)
        }
    }

    /// Trials by number, without their reports.
    ///
    /// - Parameters:
    ///   - name: the study.
    ///   - state: only trials in this state.
    ///   - after: only trials with a larger number.
    ///   - limit: how many.
    /// - Returns: the trials and their study.
    /// - Throws: `notFound`.
    package func trials(
        _ name: String,
        state: Trial.State? = nil,
        after: Int = -1,
        limit: Int
    ) async throws(MartletError) -> ([TrialRecord], StudyRecord) {
        try await database.read { connection in
            let study = try Self.study(connection, name)
            var arguments: [SQLValue] = [.text(study.id), .int(after)]
            if let state { arguments.append(.text(state.rawValue)) }
            let rows = try connection.query(
                """
                SELECT * FROM study_trials WHERE study_id = ? AND number > ? \(state == nil ? "" : "AND state = ?")
                ORDER BY number LIMIT ?
                """,
                arguments + [.int(limit)]
            )
            return (try rows.map { try TrialRecord($0, study.spec) }, study)
        }
    }
}
