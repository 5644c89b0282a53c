package import Core
import Sampling
import Storage

extension StudyStore {
    /// Trials whose run is not up to date.
    func unrecorded(limit: Int) async throws(MartletError) -> [(StudyRecord, TrialRecord)] {
        try await database.read { connection in
            let rows = try connection.query(
                """
                SELECT t.*, s.name AS study_name FROM study_trials t JOIN studies s ON s.id = t.study_id
                WHERE t.is_recorded = 0 AND t.state <> 'waiting' ORDER BY t.study_id, t.number LIMIT ?
                """,
                [.int(limit)]
            )
            var known: [String: StudyRecord] = [:]
            return try rows.map { row in
                let name = try row.text("study_name")
                let study = try known[name] ?? Self.study(connection, name)
                known[name] = study
                return (study, try TrialRecord(row, study.spec))
            }
        }
    }

    /// Notes the run of a study; the first one stays unless it is to be replaced.
    package func attach(_ study: StudyRecord, run: String, replaces: Bool = false) async throws(MartletError) {
        try await database.write { connection in
            try connection.execute(
                "UPDATE studies SET run_id = ? WHERE id = ? \(replaces ? "" : "AND run_id IS NULL")",
                [.text(run), .text(study.id)]
            )
        }
    }

    /// Notes the run of a trial; done, if the trial has not changed since it was read.
    func recorded(_ study: StudyRecord, _ trial: TrialRecord, run: String?) async throws(MartletError) {
        try await database.write { connection in
            let place: [SQLValue] = [.text(study.id), .int(trial.trial.number)]
            try connection.execute(
                "UPDATE study_trials SET run_id = ? WHERE study_id = ? AND number = ?",
                [SQLValue(run)] + place
            )
            try connection.execute(
                "UPDATE study_trials SET is_recorded = 1 WHERE study_id = ? AND number = ? AND state = ?",
                place + [.text(trial.trial.state.rawValue)]
            )
        }
    }

    /// Notes the run of a trial that its worker records itself.
    ///
    /// - Throws: `notFound`.
    package func attach(_ name: String, _ number: Int, run: String) async throws(MartletError) {
        try await database.write { connection in
            let study = try Self.study(connection, name)
            try connection.execute(
                "UPDATE study_trials SET run_id = ? WHERE study_id = ? AND number = ?",
                [.text(run), .text(study.id), .int(number)]
            )
        }
    }
}
