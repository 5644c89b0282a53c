import Artifacts
package import Core
package import Datasets
import Plots
import Sampling
package import Studies
package import Tracking

/// Searches for the best parameters of a model, logs every trial as a run, and trains and stores the final model.
///
/// The search is a stored study: a task whose server was killed goes on with the trials that it has, and trains those
/// again that were under way, in their own runs.
package struct Tuner: Sendable {
    private let logger: RunLogger
    private let datasets: DatasetStore
    private let studies: StudyStore
    private let options: TuningOptions
    private let log: @Sendable (String) -> Void
    private let progress: @Sendable (Double, String) -> Void

    /// Makes a tuner for one task.
    package init(
        tracking: TrackingStore,
        datasets: DatasetStore,
        studies: StudyStore,
        options: TuningOptions,
        clock: Clock,
        log: @escaping @Sendable (String) -> Void,
        progress: @escaping @Sendable (Double, String) -> Void
    ) {
        logger = RunLogger(tracking: tracking, clock: clock)
        self.datasets = datasets
        self.studies = studies
        self.options = options
        self.log = log
        self.progress = progress
    }

    /// Does the whole task.
    ///
    /// - Parameters:
    ///   - name: what the task's run is called.
    ///   - pipeline: the pipeline's name.
    ///   - pipelineRun: the pipeline's run, the same for all attempts.
    /// - Returns: the run, the model's place and the best trial's metrics.
    /// - Throws: `failedPrecondition` without a split or the library, `invalidArgument` for data that cannot be learned
    ///   from, `CancellationError`. The run ends as failed or killed then.
    package func run(name: String, pipeline: String, pipelineRun: String) async throws -> TuningResult {
        let rows = try await datasets.rowSet(options.training.dataset)
        let data = try await TuningData(options, rows, datasets)
        if options.permutesLabels { log("labels are permuted: the model will be wrong on purpose") }
        log("\(data.training.count) rows to train on, \(data.validation.count) to judge trials on")
        let search = TuningStudy(
            store: studies,
            logger: logger,
            options: options,
            worker: "\(pipelineRun)/\(name)"
        )
        let base = "\(pipeline).\(name).\(pipelineRun.prefix(8))".replacing("/", with: "-")
        let opened = try await search.open(base: base, task: name, version: data.version)
        do {
            if opened.isTakenUp {
                log("the study '\(opened.study.name)' is taken up with \(opened.study.trialCount) trials")
            } else {
                try await describe(opened, data)
                if let other = options.warmStart {
                    try await search.warm(opened.study, from: other, count: LearningLimits.warmTrials)
                }
            }
            let trials = TuningTrials(
                search: search,
                opened: opened,
                trainer: TrialTrainer(options: options, data: data, study: opened.study.name),
                log: log,
                progress: progress
            )
            try await trials.run()
            return try await finish(opened, data)
        } catch {
            await logger.end(opened.runID, after: error)
            throw error
        }
    }

    private func describe(_ opened: TuningStudy.Opened, _ data: TuningData) async throws {
        let spec = options.training.spec
        try await logger.log(
            opened.runID,
            params: [
                ("dataset", options.training.dataset), ("objective", options.objectives.joined(separator: ",")),
                ("trials", "\(options.trials)"), ("method", options.sampler.kind.rawValue), ("seed", "\(spec.seed)"),
                ("training_rows", "\(data.training.count)"), ("validation_rows", "\(data.validation.count)"),
                ("trainer", spec.trainer.rawValue),
            ],
            tags: options.permutesLabels ? [Tag(key: "martlet.permuted_labels", value: "true")] : []
        )
        let input = DatasetInput(
            name: options.training.dataset,
            digest: String(data.version.prefix(36)),
            sourceType: "martlet",
            source: options.training.dataset,
            tags: [Tag(key: "mlflow.data.context", value: "training")]
        )
        try await logger.tracking.logInputs(runID: opened.runID, datasets: [input])
    }

    /// Trains on all rows but the test rows with the best parameters, and stores the model with its run.
    private func finish(_ opened: TuningStudy.Opened, _ data: TuningData) async throws -> TuningResult {
        let (study, history) = try await studies.history(opened.study.name)
        guard let best = history.best else {
            throw MartletError(
                .failedPrecondition,
                "Every one of the \(history.trials.count) trials failed or was ended early; see the task's log."
            )
        }
        let record = try await studies.trial(study.name, best.number).0
        let validation = record.attributes["metrics"] ?? [:]
        let trainer = TrialTrainer(options: options, data: data, study: study.name)
        let spec = trainer.spec(history.space.json(of: best.values))
        let model = try await spec.trainer.trainer.train(spec, training: data.all, validation: nil) { _ in .go }
        let named = (validation.objectValue ?? [:]).pairs.compactMap { name, value in
            value.doubleValue.map { (name: "validation_\(name)", value: $0) }
        }
        try await logger.log(
            opened.runID,
            metrics: named,
            params: history.space.texts(of: best.values),
            tags: [Tag(key: "martlet.best_trial", value: "\(best.number)")]
        )
        let package = ModelPackage(
            runID: opened.runID,
            content: PackagedModel(model, data.source, hasCategories: !spec.categorical.isEmpty),
            metrics: named,
            created: logger.clock.now
        )
        let path = try await package.write(to: logger.tracking)
        log("best is trial \(best.number + 1); trained on \(data.all.count) rows and stored the model")
        try await logger.end(opened.runID, .finished)
        let main = options.objectives[0]
        progress(1, "best \(main) \(TuningTrials.text(best.objectives[0]))")
        return TuningResult(
            runID: opened.runID,
            experimentID: opened.experimentID,
            modelPath: path.description,
            bestTrial: best.number,
            validation: validation,
            objectives: options.objectives,
            trials: history.trials.count,
            study: study.name,
            front: history.isMultiObjective ? history.bestTrials.map(\.number) : []
        )
    }
}
