import Core
import Sampling
import Synchronization

/// Trains and judges one trial, and ends it early when a pruner says so.
struct TrialTrainer: Sendable {
    let options: TuningOptions
    let data: TuningData
    /// The study's name, which spreads trials over Hyperband's brackets.
    let study: String

    /// What a trial came to.
    struct Result: Sendable {
        /// How good the model is; nil when training was ended early.
        let metrics: TaskMetrics?
        /// The trial with what it reported.
        let trial: Trial
    }

    /// How to train with these parameters.
    func spec(_ parameters: JSONObject) -> TrainingSpec {
        var spec = options.training.spec
        spec.task = data.task
        for (name, value) in parameters.pairs { spec.parameters[name] = value }
        return spec
    }

    /// Trains.
    ///
    /// - Parameters:
    ///   - trial: what to try.
    ///   - parameters: its parameters.
    ///   - history: the trials so far, which the pruner compares with.
    /// - Returns: how good the model is, and what was reported on the way.
    /// - Throws: `invalidArgument` for parameters that the library refuses, `CancellationError`.
    func run(_ trial: Trial, _ parameters: JSONObject, _ history: TrialHistory) async throws -> Result {
        let spec = spec(parameters)
        let watch = Watch(trial)
        let (pruner, study, isMaximized) = (options.pruner, study, history.directions[0] == .maximize)
        let model = try await spec.trainer.trainer.train(
            spec,
            training: data.training,
            validation: pruner == .none ? nil : data.validation
        ) { report in
            guard let metric = report.metrics.last else { return .go }
            // Reports are compared in the direction of the objective.
            let value = metric.isMaximized == isMaximized ? metric.value : -metric.value
            return watch.state.withLock { trial in
                trial.add(Trial.Report(step: report.round, value: value))
                let decision = pruner.judge(trial, in: history, study: study)
                trial.rungs = decision.rungs
                return decision.prunes ? .stop : .go
            }
        }
        let seen = watch.state.withLock { $0 }
        guard !model.isStopped else { return Result(metrics: nil, trial: seen) }
        let (rows, task) = (data.validation, data.task)
        let metrics = try await BlockingWork.run { try TaskMetrics(model.predict(rows), for: Truth(rows), task: task) }
        return Result(metrics: metrics, trial: seen)
    }

    private final class Watch: Sendable {
        let state: Mutex<Trial>

        init(_ trial: Trial) { state = Mutex(trial) }
    }
}
