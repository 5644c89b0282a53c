package import Core
package import Datasets
package import Studies
package import Tracking

/// The built-in steps of learning: `learning.split`, `learning.train`, `learning.tune` and `learning.evaluate`.
package enum LearningSteps {
    /// The steps over the stores of one server.
    package static func all(
        tracking: TrackingStore,
        datasets: DatasetStore,
        studies: StudyStore
    ) -> [BuiltinStep] {
        split(datasets) + [
            train(tracking, datasets), tune(tracking, datasets, studies), evaluate(tracking, datasets),
        ]
    }

    /// `data.split` under the name that it had first.
    private static func split(_ datasets: DatasetStore) -> [BuiltinStep] {
        DatasetSteps.all(datasets).filter { $0.name == "data.split" }.map { step in
            BuiltinStep(name: "learning.split", summary: step.summary, parameters: step.parameters, run: step.run)
        }
    }

    private static func train(_ tracking: TrackingStore, _ datasets: DatasetStore) -> BuiltinStep {
        BuiltinStep(
            name: "learning.train",
            summary: "Trains one model with given parameters with XGBoost or LightGBM and stores it.",
            parameters: TrainOptions.parameters
        ) { context in
            try await TrainStep(tracking: tracking, datasets: datasets).run(context)
        }
    }

    private static func tune(
        _ tracking: TrackingStore,
        _ datasets: DatasetStore,
        _ studies: StudyStore
    ) -> BuiltinStep {
        BuiltinStep(
            name: "learning.tune",
            summary:
                "Searches for the best parameters of XGBoost or LightGBM, logs every trial as a run and stores the final model.",
            parameters: TuningOptions.parameters
        ) { context in
            let fields = JSONFields(context.parameters, path: "with")
            let tuner = Tuner(
                tracking: tracking,
                datasets: datasets,
                studies: studies,
                options: try TuningOptions(fields, pipeline: context.pipeline),
                clock: context.clock,
                log: context.log,
                progress: context.progress
            )
            return try await tuner.run(
                name: context.task,
                pipeline: context.pipeline,
                pipelineRun: context.runID
            ).json
        }
    }

    private static func evaluate(_ tracking: TrackingStore, _ datasets: DatasetStore) -> BuiltinStep {
        BuiltinStep(
            name: "learning.evaluate",
            summary:
                "Picks the better of the tuned models, judges it on the test rows and explains it with SHAP values.",
            parameters: EvaluateStep.parameters
        ) { context in
            try await EvaluateStep(tracking: tracking, datasets: datasets).run(context)
        }
    }
}
