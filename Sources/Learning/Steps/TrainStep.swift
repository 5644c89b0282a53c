import Artifacts
import Core
import Datasets
import Runtimes
import Tracking
import Transforms

/// `learning.train`: one training with given parameters, logged as a run round by round, stored as a model.
struct TrainStep: Sendable {
    let tracking: TrackingStore
    let datasets: DatasetStore

    func run(_ context: StepContext) async throws -> JSONObject {
        let options = try TrainOptions(JSONFields(context.parameters, path: "with"), pipeline: context.pipeline)
        let rows = try await datasets.rowSet(options.dataset)
        let data = try await TrainingParts(options, rows).data(datasets, seed: options.spec.seed)
        var spec = options.spec
        spec.task = data.columns.task
        context.log(
            "\(data.training.count) rows of \(data.training.featureNames.count) features to learn '\(data.columns.target)' from"
                + (data.validation.map { ", \($0.count) to judge rounds on" } ?? "")
        )
        let logger = RunLogger(tracking: tracking, clock: context.clock)
        let experimentID = try await logger.experimentID(options.experiment)
        let runID = try await logger.start(experimentID: experimentID, name: context.task)
        do {
            try await describe(runID, options, spec, data, rows.version, logger)
            let model = try await train(runID, spec, data, context)
            let outputs = try await finish(runID, model, data, spec, logger, context)
            try await logger.end(runID, .finished)
            return outputs.merging([
                "experiment_id": .string(experimentID), "dataset": .string(options.dataset),
                "version": .string(rows.version),
            ])
        } catch {
            await logger.end(runID, after: error)
            throw error
        }
    }

    private func describe(
        _ runID: String,
        _ options: TrainOptions,
        _ spec: TrainingSpec,
        _ data: TrainingData,
        _ version: String,
        _ logger: RunLogger
    ) async throws {
        var params: [(name: String, value: String)] = [
            ("dataset", options.dataset), ("target", data.columns.target), ("task", spec.task.rawValue),
            ("trainer", spec.trainer.rawValue), ("mode", spec.mode.rawValue), ("rounds", "\(spec.rounds)"),
            ("seed", "\(spec.seed)"), ("training_rows", "\(data.training.count)"),
        ]
        if let validation = data.validation { params.append(("validation_rows", "\(validation.count)")) }
        if let stopping = spec.earlyStopping { params.append(("early_stopping", "\(stopping.rounds)")) }
        for (name, value) in spec.parameters.pairs where !params.contains(where: { $0.name == name }) {
            params.append((name, value.stringValue ?? value.description))
        }
        try await logger.log(runID, params: params.map { ($0.name, String($0.value.prefix(500))) })
        let input = DatasetInput(
            name: options.dataset,
            digest: String(version.prefix(36)),
            sourceType: "martlet",
            source: options.dataset,
            tags: [Tag(key: "mlflow.data.context", value: "training")]
        )
        try await tracking.logInputs(runID: runID, datasets: [input])
    }

    private func train(
        _ runID: String,
        _ spec: TrainingSpec,
        _ data: TrainingData,
        _ context: StepContext
    ) async throws -> TrainedModel {
        let stream = RoundStream(
            tracking: tracking,
            clock: context.clock,
            runID: runID,
            rounds: spec.rounds,
            progress: { context.progress(0.9 * $0, $1) }
        )
        return try await stream.run { onRound in
            try await spec.trainer.trainer.train(
                spec,
                training: data.training,
                validation: data.validation,
                onRound: onRound
            )
        }
    }

    /// Judges the model on the validation rows, stores it and says where it is.
    private func finish(
        _ runID: String,
        _ model: TrainedModel,
        _ data: TrainingData,
        _ spec: TrainingSpec,
        _ logger: RunLogger,
        _ context: StepContext
    ) async throws -> JSONObject {
        var validation: TaskMetrics?
        if let rows = data.validation {
            validation = try await BlockingWork.run {
                try TaskMetrics(model.predict(rows), for: Truth(rows), task: spec.task)
            }
        }
        let named = (validation?.named ?? []).map { (name: "validation_\($0.name)", value: $0.value) }
        var metrics = named
        metrics.append(("trained_rounds", Double(model.rounds)))
        if let best = model.bestRound, spec.earlyStopping != nil { metrics.append(("best_round", Double(best))) }
        try await logger.log(runID, metrics: metrics)
        let package = ModelPackage(
            runID: runID,
            content: PackagedModel(model, data, hasCategories: !spec.categorical.isEmpty),
            metrics: named,
            created: context.clock.now
        )
        let path = try await package.write(to: tracking)
        let main = TaskMetrics.main(spec.task)
        let shown = validation?[main].map { ", validation \(main) \($0)" } ?? ""
        context.log("trained \(model.rounds) rounds and stored the model\(shown)")
        context.progress(1, "\(model.rounds) rounds\(shown)")
        return [
            "run_id": .string(runID), "model_path": .string(path.description),
            "model_uri": .string("runs:/\(runID)/\(ModelPackage.folder)"), "columns": .object(data.columns.json),
            "trainer": .string(spec.trainer.rawValue), "rounds": .int(model.rounds),
            "validation": validation?.json ?? [:], "transformed": .bool(data.transform != nil),
        ]
    }
}

extension JSONObject {
    /// This object with the members of another after its own.
    func merging(_ other: JSONObject) -> JSONObject {
        var merged = self
        for (key, value) in other.pairs { merged[key] = value }
        return merged
    }
}
