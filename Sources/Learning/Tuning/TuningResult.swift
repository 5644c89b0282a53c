package import Core

/// What a tuning task made.
package struct TuningResult: Sendable {
    /// The task's run.
    package let runID: String
    /// The experiment of the run.
    package let experimentID: String
    /// The model's folder in the artifact store.
    package let modelPath: String
    /// The best trial's number.
    package let bestTrial: Int
    /// The best trial's metrics on the validation rows.
    package let validation: ClassificationMetrics
    /// What the search maximised.
    package let objective: String
    /// How many trials were made.
    package let trials: Int

    /// The task's outputs.
    package var json: JSONObject {
        [
            "run_id": .string(runID), "experiment_id": .string(experimentID), "model_path": .string(modelPath),
            "model_uri": .string("runs:/\(runID)/\(ModelPackage.folder)"), "objective": .string(objective),
            "trials": .int(trials), "best_trial": .int(bestTrial), "validation": validation.json,
        ]
    }
}
