import Core
import Tracking

/// Logs tuning to the tracking store: a run for the task and one beneath it for each trial.
struct RunLogger: Sendable {
    let tracking: TrackingStore
    let clock: Clock

    /// The experiment of that name, created when missing; two tasks may ask at once.
    func experimentID(_ name: String) async throws -> String {
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

    /// Starts a run.
    func start(experimentID: String, name: String, parentID: String? = nil, tags: [Tag] = []) async throws -> String {
        let source = [
            Tag(key: "mlflow.source.name", value: "martlet"), Tag(key: "mlflow.source.type", value: "JOB"),
            Tag(key: "mlflow.user", value: "martlet"),
        ]
        let run = try await tracking.createRun(
            experimentID: experimentID,
            name: name,
            parentID: parentID,
            userID: "martlet",
            startTime: clock.now,
            tags: source + tags
        )
        return run.info.id
    }

    /// Logs metrics that are numbers, and params.
    func log(
        _ runID: String,
        metrics: [(name: String, value: Double)] = [],
        params: [(name: String, value: String)] = [],
        tags: [Tag] = [],
        step: Int64 = 0
    ) async throws {
        let now = clock.now
        try await tracking.logBatch(
            runID: runID,
            metrics: metrics.filter { $0.value.isFinite }
                .map { Metric(key: $0.name, value: $0.value, timestamp: now, step: step) },
            params: params.map { Param(key: $0.name, value: $0.value) },
            tags: tags
        )
    }

    /// Ends a run.
    func end(_ runID: String, _ status: RunStatus) async throws {
        try await tracking.updateRun(runID, status: status, endTime: clock.now)
    }

    /// Ends a run whose work threw: killed when it was cancelled, else failed.
    ///
    /// What the work threw is reported to the caller in any case, so a failure to note it here changes nothing.
    func end(_ runID: String, after error: any Error) async {
        let status: RunStatus = MartletError.wrapping(error).code == .cancelled ? .killed : .failed
        let (tracking, now) = (tracking, clock.now)
        // The task may be cancelled, yet the run must not stay open.
        await Task.detached {
            _ = try? await tracking.updateRun(runID, status: status, endTime: now)
        }.value
    }
}
