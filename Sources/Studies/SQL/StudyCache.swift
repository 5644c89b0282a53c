import Core
import Sampling
import Storage
import Synchronization

/// A study with its trials and its sampler, as of one revision.
struct LiveStudy: Sendable {
    var study: StudyRecord
    var history: TrialHistory
    var sampler: any Sampler

    /// The study as it is now: what the cache has, and what changed since.
    static func load(_ connection: Connection, _ name: String, _ cache: StudyCache) throws -> LiveStudy {
        let known = cache.find(name)
        guard
            let row = try connection.first(
                "SELECT id, run_id, revision, trial_count, ending_count, updated_at FROM studies WHERE name = ?",
                [.text(name)]
            )
        else { throw MartletError(.notFound, "There is no study '\(name.prefix(80))'.") }
        let (id, revision) = (try row.text("id"), try row.int("revision"))
        guard var live = known, live.study.id == id, live.study.revision <= revision else {
            return try read(connection, name)
        }
        if live.study.revision < revision { try live.follow(connection) }
        live.study.runID = row.optionalText("run_id")
        live.study.revision = revision
        live.study.trialCount = Int(try row.int("trial_count"))
        live.study.endingCount = Int(try row.int("ending_count"))
        live.study.updatedAt = try row.timestamp("updated_at")
        return live
    }

    private static func read(_ connection: Connection, _ name: String) throws -> LiveStudy {
        let study = try StudyStore.study(connection, name)
        var live = LiveStudy(
            study: study,
            history: TrialHistory(space: study.spec.space, directions: study.spec.directions),
            sampler: study.spec.sampler.make()
        )
        live.study.revision = -1
        try live.follow(connection)
        live.study.revision = study.revision
        return live
    }

    /// Reads what changed after the revision that is known.
    private mutating func follow(_ connection: Connection) throws {
        let arguments: [SQLValue] = [.text(study.id), .integer(study.revision)]
        var reports: [Int: [Trial.Report]] = [:]
        try connection.forEach(
            "SELECT number, step, value FROM study_reports WHERE study_id = ? AND revision > ? ORDER BY number, step",
            arguments
        ) { cursor in
            let report = Trial.Report(
                step: Int(try cursor.int(1)),
                value: cursor[2] == .null ? .nan : try cursor.double(2)
            )
            reports[Int(try cursor.int(0)), default: []].append(report)
        }
        let rows = try connection.query(
            """
            SELECT number, state, params, objectives, tie_break, rungs, generation, ending FROM study_trials
            WHERE study_id = ? AND revision > ? ORDER BY number
            """,
            arguments
        )
        for row in rows {
            var trial = try Trial(row, study.spec)
            if history.trials.indices.contains(trial.number) { trial.reports = history.trials[trial.number].reports }
            for report in reports.removeValue(forKey: trial.number) ?? [] { trial.add(report) }
            try history.put(trial)
        }
        for (number, more) in reports where history.trials.indices.contains(number) {
            var trial = history.trials[number]
            for report in more { trial.add(report) }
            try history.put(trial)
        }
    }
}

/// The studies that were used last; what they hold can be read again.
final class StudyCache: Sendable {
    private struct Entries {
        var live: [String: LiveStudy] = [:]
        var order: [String] = []
    }

    private let entries = Mutex(Entries())

    func find(_ name: String) -> LiveStudy? {
        entries.withLock { $0.live[name] }
    }

    /// Keeps what was committed, unless something newer is known.
    func keep(_ live: LiveStudy) {
        let name = live.study.name
        entries.withLock { entries in
            if let known = entries.live[name], known.study.id == live.study.id,
                known.study.revision > live.study.revision
            {
                return
            }
            entries.live[name] = live
            if entries.order.last != name {
                entries.order.removeAll { $0 == name }
                entries.order.append(name)
            }
            while entries.order.count > StudiesLimits.cached {
                entries.live[entries.order.removeFirst()] = nil
            }
        }
    }

    func forget(_ name: String) {
        entries.withLock { entries in
            entries.live[name] = nil
            entries.order.removeAll { $0 == name }
        }
    }
}
