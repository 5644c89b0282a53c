import Core
import Logging
import Sampling
import Studies
import Tracking

/// Trials of studies as runs of tracking.
enum StudyWiring {
    /// Records trials and ends those of silent workers, until the task is cancelled.
    static func run(_ stores: Stores, clock: Clock, logger: Logger) async throws {
        try await StudyRecorder(
            store: stores.studies,
            runs: runs(stores.tracking, clock: clock),
            clock: clock,
            logger: logger
        ).run()
    }

    /// How a study and its trials become runs.
    static func runs(_ tracking: TrackingStore, clock: Clock) -> StudyRuns {
        StudyRuns(
            study: { study in
                let experiment = try await experiment(study, tracking)
                if let known = try await find("martlet.study", study.id, experiment, tracking) { return known }
                let run = try await tracking.createRun(
                    experimentID: experiment,
                    name: study.name,
                    userID: study.owner,
                    startTime: study.createdAt,
                    tags: [Tag(key: "martlet.study", value: study.id)]
                )
                return run.info.id
            },
            trial: { study, parent, trial in
                let run = try await open(study, parent, trial, tracking)
                try await write(study, trial, run, tracking, now: clock.now)
                return run
            }
        )
    }

    private static func experiment(_ study: StudyRecord, _ tracking: TrackingStore) async throws -> String {
        let name = study.spec.experiment ?? study.name
        do {
            return try await tracking.experiment(named: name).id
        } catch let error as MartletError where error.code == .notFound {
            do {
                return try await tracking.createExperiment(name: name)
            } catch let error as MartletError where error.code == .alreadyExists {
                return try await tracking.experiment(named: name).id
            }
        }
    }

    /// The run that was made for this before the server was killed.
    private static func find(
        _ tag: String,
        _ value: String,
        _ experiment: String,
        _ tracking: TrackingStore
    ) async throws -> String? {
        try await tracking.searchRuns(
            experimentIDs: [experiment],
            filter: "tags.`\(tag)` = '\(value)'",
            limit: 1
        ).runs.first?.info.id
    }

    private static func open(
        _ study: StudyRecord,
        _ parent: String,
        _ trial: TrialRecord,
        _ tracking: TrackingStore
    ) async throws -> String {
        if let known = trial.runID { return known }
        let experiment = try await experiment(study, tracking)
        let key = "\(study.id)/\(trial.trial.number)"
        if let known = try await find("martlet.trial", key, experiment, tracking) { return known }
        let run = try await tracking.createRun(
            experimentID: experiment,
            name: "trial-\(trial.trial.number)",
            parentID: parent,
            userID: trial.worker,
            startTime: trial.startedAt,
            tags: [Tag(key: "martlet.trial", value: key)]
        )
        return run.info.id
    }

    private static func write(
        _ study: StudyRecord,
        _ trial: TrialRecord,
        _ run: String,
        _ tracking: TrackingStore,
        now: Timestamp
    ) async throws {
        let params = study.spec.space.texts(of: trial.trial.values).map { Param(key: $0.name, value: $0.value) }
        let at = trial.endedAt ?? now
        let metrics = zip(study.spec.objectives, trial.trial.objectives).filter { $1.isFinite }
            .map { Metric(key: $0, value: $1, timestamp: at, step: 0) }
        let tags = trial.message.isEmpty ? [] : [Tag(key: "martlet.message", value: trial.message)]
        try await tracking.logBatch(runID: run, metrics: metrics, params: params, tags: tags)
        let status: RunStatus? =
            switch trial.trial.state {
            case .waiting, .running: nil
            case .complete: .finished
            case .pruned: .killed
            case .failed: .failed
            }
        if let status { try await tracking.updateRun(run, status: status, endTime: at) }
    }
}
