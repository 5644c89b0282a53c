import Artifacts
package import Core
package import Datasets
import Plots
import Runtimes
import Sampling
package import Tracking

/// Searches for the best parameters of a model, logs every trial as a run, and trains and stores the final model.
package struct Tuner: Sendable {
    private let logger: RunLogger
    private let datasets: DatasetStore
    private let options: TuningOptions
    private let log: @Sendable (String) -> Void
    private let progress: @Sendable (Double, String) -> Void

    /// Makes a tuner for one task.
    package init(
        tracking: TrackingStore,
        datasets: DatasetStore,
        options: TuningOptions,
        clock: Clock,
        log: @escaping @Sendable (String) -> Void,
        progress: @escaping @Sendable (Double, String) -> Void
    ) {
        logger = RunLogger(tracking: tracking, clock: clock)
        self.datasets = datasets
        self.options = options
        self.log = log
        self.progress = progress
    }

    /// Does the whole task.
    ///
    /// - Parameter name: what the task's run is called.
    /// - Returns: the run, the model's place and the best trial's metrics.
    /// - Throws: `failedPrecondition` without a split or the XGBoost library, `invalidArgument` for data that cannot be
    ///   learned from, `CancellationError`. The run ends as failed or killed then.
    package func run(name: String) async throws -> TuningResult {
        let data = try await loadData()
        let experimentID = try await logger.experimentID(options.experiment)
        let runID = try await logger.start(experimentID: experimentID, name: name)
        do {
            try await describe(runID, data)
            let (study, metrics) = try await search(runID, experimentID, data)
            guard let best = study.best, let validation = metrics[best.number] else {
                throw MartletError(
                    .failedPrecondition,
                    "Every one of the \(options.trials) trials failed; see the task's log."
                )
            }
            let path = try await finish(runID, data, study, best, validation)
            try await logger.end(runID, .finished)
            progress(1, "best \(options.objective.rawValue) \(text(validation[options.objective.rawValue] ?? .nan))")
            return TuningResult(
                runID: runID,
                experimentID: experimentID,
                modelPath: path,
                bestTrial: best.number,
                validation: validation,
                objective: options.objective.rawValue,
                trials: study.trials.count
            )
        } catch {
            await logger.end(runID, after: error)
            throw error
        }
    }

    private struct TrainingData: Sendable {
        var train: LabelledRows
        var validation: LabelledRows
        let version: String
    }

    private func loadData() async throws -> TrainingData {
        let rows = try await datasets.rowSet(options.dataset)
        var data = try TrainingData(
            train: LabelledRows(rows, part: options.trainPart, dataset: options.dataset),
            validation: LabelledRows(rows, part: options.validationPart, dataset: options.dataset),
            version: rows.version
        )
        if options.permutesLabels {
            var random = SeededGenerator(seed: options.seed ^ 0x7065_726D)
            data.train.labels.shuffle(using: &random)
            data.validation.labels.shuffle(using: &random)
            log("labels are permuted: the model will be wrong on purpose")
        }
        log("\(data.train.count) rows to train on, \(data.validation.count) to judge trials on")
        return data
    }

    private func describe(_ runID: String, _ data: TrainingData) async throws {
        try await logger.log(
            runID,
            params: [
                ("dataset", options.dataset), ("objective", options.objective.rawValue),
                ("trials", "\(options.trials)"), ("method", options.method.rawValue), ("seed", "\(options.seed)"),
                ("training_rows", "\(data.train.count)"), ("validation_rows", "\(data.validation.count)"),
            ],
            tags: options.permutesLabels ? [Tag(key: "martlet.permuted_labels", value: "true")] : []
        )
        let input = DatasetInput(
            name: options.dataset,
            digest: String(data.version.prefix(36)),
            sourceType: "martlet",
            source: options.dataset,
            tags: [Tag(key: "mlflow.data.context", value: "training")]
        )
        try await logger.tracking.logInputs(runID: runID, datasets: [input])
    }

    /// Makes all trials, one after the other, so that each learns from those before it.
    private func search(
        _ runID: String,
        _ experimentID: String,
        _ data: TrainingData
    ) async throws -> (Study, [Int: ClassificationMetrics]) {
        let kind: SamplerSpec.Kind = options.method == .tpe ? .tpe : .random
        var study = Study(
            space: try XGBoostTrainer.searchSpace(),
            directions: [.maximize],
            sampler: SamplerSpec(kind, seed: options.seed).make()
        )
        var metrics: [Int: ClassificationMetrics] = [:]
        for _ in 0..<options.trials {
            try Task.checkCancellation()
            let trial = try study.ask()
            let parameters = study.history.space.texts(of: trial.values)
            let judged = try await attempt(runID, experimentID, trial.number, parameters, data)
            metrics[trial.number] = judged
            let score = judged.map { [$0[options.objective.rawValue] ?? .nan] }
            try study.tell(trial.number, score, tieBreak: -(judged?.logLoss ?? 0))
            try await report(runID, study, trial.number, judged)
        }
        return (study, metrics)
    }

    /// One trial with its run; nil when XGBoost refuses the parameters, which costs the trial, not the task.
    private func attempt(
        _ parentID: String,
        _ experimentID: String,
        _ number: Int,
        _ parameters: [(name: String, value: String)],
        _ data: TrainingData
    ) async throws -> ClassificationMetrics? {
        let runID = try await logger.start(experimentID: experimentID, name: "trial-\(number)", parentID: parentID)
        do {
            let metrics = try await train(parameters, data)
            try await logger.log(runID, metrics: metrics.named, params: parameters)
            try await logger.end(runID, .finished)
            return metrics
        } catch let error as MartletError where error.code == .invalidArgument {
            log("trial \(number) failed: \(error.message)")
            try await logger.log(runID, params: parameters)
            try await logger.end(runID, .failed)
            return nil
        } catch {
            await logger.end(runID, after: error)
            throw error
        }
    }

    private func train(
        _ parameters: [(name: String, value: String)],
        _ data: TrainingData
    ) async throws -> ClassificationMetrics {
        let trainer = XGBoostTrainer(seed: options.seed)
        return try await StopSignal.run { signal in
            let booster = try trainer.train(on: data.train, parameters: parameters, until: signal)
            let probabilities = try trainer.probabilities(booster, for: data.validation)
            return try ClassificationMetrics(
                probabilities: probabilities,
                labels: data.validation.labels,
                classes: data.validation.classes.count
            )
        }
    }

    private func report(
        _ runID: String,
        _ study: Study,
        _ number: Int,
        _ metrics: ClassificationMetrics?
    ) async throws {
        let done = Double(number + 1) / Double(options.trials)
        guard let metrics, let best = study.best?.objectives.first else {
            return progress(0.95 * done, "trial \(number) failed")
        }
        let objective = options.objective.rawValue
        try await logger.log(
            runID,
            metrics: [("trial_\(objective)", metrics[objective] ?? .nan), ("best_\(objective)", best)],
            step: Int64(number)
        )
        let line = "trial \(number + 1)/\(options.trials): \(objective) \(text(metrics[objective] ?? .nan))"
        log("\(line), log loss \(text(metrics.logLoss))")
        progress(0.95 * done, "\(line), best \(text(best))")
    }

    /// Trains on all rows but the test rows with the best parameters, and stores the model with its run.
    private func finish(
        _ runID: String,
        _ data: TrainingData,
        _ study: Study,
        _ best: Trial,
        _ validation: ClassificationMetrics
    ) async throws -> String {
        let parameters = study.history.space.texts(of: best.values)
        let all = data.train.appending(data.validation)
        let trainer = XGBoostTrainer(seed: options.seed)
        let model = try await StopSignal.run { signal in
            try trainer.train(on: all, parameters: parameters, until: signal).save(.json)
        }
        let named = validation.named.map { (name: "validation_\($0.name)", value: $0.value) }
        try await logger.log(
            runID,
            metrics: named,
            params: parameters,
            tags: [Tag(key: "martlet.best_trial", value: "\(best.number)")]
        )
        let package = ModelPackage(
            runID: runID,
            model: model,
            training: all,
            metrics: named,
            created: logger.clock.now,
            seed: options.seed
        )
        let path = try await package.write(to: logger.tracking)
        log("best is trial \(best.number + 1); trained on \(all.count) rows and stored the model")
        return path.description
    }

    private func text(_ value: Double) -> String {
        value.isFinite ? NumberText.trimmed(value, 4) : "undefined"
    }
}
