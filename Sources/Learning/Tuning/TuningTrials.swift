import Core
import Plots
import Sampling
import Studies
import Synchronization
import Tracking

/// Makes the trials of a tuning task, some at once, each with a run of its own.
struct TuningTrials: Sendable {
    let search: TuningStudy
    let opened: TuningStudy.Opened
    let trainer: TrialTrainer
    let log: @Sendable (String) -> Void
    let progress: @Sendable (Double, String) -> Void

    private var options: TuningOptions { search.options }
    private var name: String { opened.study.name }
    private var store: StudyStore { search.store }
    private var logger: RunLogger { search.logger }

    /// Makes trials until there are enough or the time is up; first those that an attempt before had under way.
    func run() async throws {
        let left = Queue(try await search.left(name))
        let begun = logger.clock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<options.jobs {
                group.addTask {
                    while let record = try await next(left, begun) {
                        try Task.checkCancellation()
                        try await attempt(record)
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// The trials that are left over, for several workers.
    private final class Queue: Sendable {
        private let records: Mutex<[TrialRecord]>

        init(_ records: [TrialRecord]) { self.records = Mutex(records) }

        func take() -> TrialRecord? {
            records.withLock { $0.isEmpty ? nil : $0.removeFirst() }
        }
    }

    /// What to try next; nil when the task has its trials.
    private func next(_ left: Queue, _ begun: Timestamp) async throws -> TrialRecord? {
        if let record = left.take() { return record }
        if let timeout = options.timeout, logger.clock.now - begun >= .milliseconds(timeout) {
            log("the time is up: no more trials are begun")
            return nil
        }
        do {
            return try await store.ask(name, worker: search.worker, most: options.trials).trial
        } catch  where error.code == .failedPrecondition {
            // The task's trials are made, or a grid is used up.
            return nil
        }
    }

    /// One trial with its run; parameters that the library refuses cost the trial, not the task.
    private func attempt(_ record: TrialRecord) async throws {
        let (trial, space) = (record.trial, opened.study.spec.space)
        let runID = try await openRun(record)
        let params = space.texts(of: trial.values)
        // What was recorded before a kill, but not told, is told now and not made again.
        if try await toldBefore(trial, runID) { return }
        do {
            let (_, history) = try await store.history(name)
            let result = try await trainer.run(trial, space.json(of: trial.values), history)
            if !result.trial.reports.isEmpty { try await store.note(name, result.trial) }
            guard let metrics = result.metrics else {
                try await logger.log(runID, params: params, tags: [Tag(key: "martlet.pruned", value: "true")])
                try await logger.end(runID, .killed)
                _ = try await store.tell(name, trial.number, .pruned)
                return log("trial \(trial.number + 1) was ended early after \(result.trial.reports.count) rounds")
            }
            try await logger.log(runID, metrics: metrics.named, params: params)
            try await logger.end(runID, .finished)
            try await tell(trial.number, Dictionary(metrics.named.map { ($0.name, $0.value) }) { first, _ in first })
        } catch let error as MartletError where error.code == .invalidArgument {
            log("trial \(trial.number + 1) failed: \(error.message)")
            try await logger.log(runID, params: params)
            try await logger.end(runID, .failed)
            _ = try await store.tell(name, trial.number, .failed(error.message))
            progress(0.95 * Double(trial.number + 1) / Double(options.trials), "trial \(trial.number + 1) failed")
        } catch {
            await logger.end(runID, after: error)
            await giveUp(trial.number, error)
            throw error
        }
    }

    /// The run of a trial: the one that an attempt before made, or a new one.
    private func openRun(_ record: TrialRecord) async throws -> String {
        if let known = record.runID { return known }
        let key = "\(opened.study.id)/\(record.trial.number)"
        if opened.isTakenUp,
            let known = try await logger.tracking.searchRuns(
                experimentIDs: [opened.experimentID],
                filter: "tags.`martlet.trial` = '\(key)'",
                limit: 1
            ).runs.first
        {
            try await store.attach(name, record.trial.number, run: known.info.id)
            return known.info.id
        }
        let runID = try await logger.start(
            experimentID: opened.experimentID,
            name: "trial-\(record.trial.number)",
            parentID: opened.runID,
            tags: [Tag(key: "martlet.trial", value: key)]
        )
        try await store.attach(name, record.trial.number, run: runID)
        return runID
    }

    private func toldBefore(_ trial: Trial, _ runID: String) async throws -> Bool {
        guard opened.isTakenUp else { return false }
        let run = try await logger.tracking.run(runID)
        guard run.info.status == .finished else { return false }
        var metrics: [String: Double] = [:]
        for metric in run.metrics { metrics[metric.key] = metric.value }
        guard options.objectives.allSatisfy({ metrics[$0] != nil }) else { return false }
        try await tell(trial.number, metrics)
        return true
    }

    /// Tells the study, and the task's run how far the search is.
    private func tell(_ number: Int, _ metrics: [String: Double]) async throws {
        let values = options.objectives.map { metrics[$0] ?? .nan }
        let shown = metrics.filter { $0.value.isFinite }.sorted { $0.key < $1.key }
        _ = try await store.tell(
            name,
            number,
            .complete(values, tieBreak: -(metrics["log_loss"] ?? 0)),
            attributes: ["metrics": .object(JSONObject(shown.map { ($0.key, .number($0.value)) }))]
        )
        let (_, history) = try await store.history(name)
        let done = Double(history.endings.count) / Double(options.trials)
        let main = options.objectives[0]
        guard let best = history.best?.objectives.first else {
            return progress(0.95 * done, "trial \(number + 1) has no \(main)")
        }
        try await logger.log(
            opened.runID,
            metrics: [("trial_\(main)", values[0]), ("best_\(main)", best)],
            step: Int64(number)
        )
        let line = "trial \(number + 1)/\(options.trials): \(main) \(Self.text(values[0]))"
        log(metrics["log_loss"].map { "\(line), log loss \(Self.text($0))" } ?? line)
        progress(0.95 * done, "\(line), best \(Self.text(best))")
    }

    /// Says that a trial will not be told; the task is ending, so nothing more can be done when that fails.
    private func giveUp(_ number: Int, _ error: any Error) async {
        let (store, name, reason) = (store, name, MartletError.wrapping(error).message)
        await Task.detached { _ = try? await store.tell(name, number, .failed(reason)) }.value
    }

    static func text(_ value: Double) -> String {
        value.isFinite ? NumberText.trimmed(value, 4) : "undefined"
    }
}
