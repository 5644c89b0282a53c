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
    package let validation: JSONValue
    /// What the search was for.
    package let objectives: [String]
    /// How many trials were made.
    package let trials: Int
    /// The study's name.
    package let study: String
    /// The numbers of the trials that no other beats, for several objectives.
    package let front: [Int]

    /// The task's outputs.
    package var json: JSONObject {
        var object: JSONObject = [
            "run_id": .string(runID), "experiment_id": .string(experimentID), "model_path": .string(modelPath),
            "model_uri": .string("runs:/\(runID)/\(ModelPackage.folder)"), "objective": .string(objectives[0]),
            "trials": .int(trials), "best_trial": .int(bestTrial), "validation": validation, "study": .string(study),
        ]
        if objectives.count > 1 {
            object["objectives"] = .array(objectives.map(JSONValue.string))
            object["front"] = .array(front.map(JSONValue.int))
        }
        return object
    }
}
