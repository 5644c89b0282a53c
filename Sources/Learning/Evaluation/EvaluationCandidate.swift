import Artifacts
import Core
import Datasets
import Plots

/// A trained model among the outputs of the tasks that an evaluation needs.
struct EvaluationCandidate: Sendable {
    let task: String
    let runID: String
    let modelPath: ArtifactPath
    let validation: JSONObject
    private let described: JSONObject?

    /// The models of upstream tasks, by the tasks' names.
    ///
    /// - Throws: `failedPrecondition` when there is none or there are too many.
    static func all(_ upstream: [String: JSONObject]) throws -> [EvaluationCandidate] {
        var candidates: [EvaluationCandidate] = []
        for task in upstream.keys.sorted() {
            guard let outputs = upstream[task], let run = outputs["run_id"]?.stringValue,
                let path = outputs["model_path"]?.stringValue
            else { continue }
            candidates.append(
                EvaluationCandidate(
                    task: task,
                    runID: run,
                    modelPath: try ArtifactPath(validating: path),
                    validation: outputs["validation"]?.objectValue ?? [:],
                    described: outputs["columns"]?.objectValue
                )
            )
        }
        guard !candidates.isEmpty, candidates.count <= LearningLimits.candidates else {
            throw MartletError(
                .failedPrecondition,
                "learning.evaluate found \(candidates.count) trained models among the tasks it needs; name 1 to "
                    + "\(LearningLimits.candidates) learning.train or learning.tune tasks under 'needs'."
            )
        }
        return candidates
    }

    /// The metric decides, then AUROC, then log loss, then the name, so that the choice is repeatable.
    ///
    /// - Throws: `invalidArgument` when one of several candidates did not measure the metric.
    static func choose(_ candidates: [EvaluationCandidate], by metric: String) throws -> EvaluationCandidate {
        let isUnjudged = candidates.count == 1 && candidates[0].validation.isEmpty
        guard isUnjudged || candidates.allSatisfy({ $0.validation[metric]?.doubleValue != nil }) else {
            throw MartletError(.invalidArgument, "'with.metric' is '\(metric)', which the candidates did not measure.")
        }
        let sign: Double = TaskMetrics.isMaximized(metric) ? 1 : -1
        let rank = { (candidate: EvaluationCandidate) in
            (sign * candidate.metric(metric), candidate.metric("auroc"), -candidate.metric("log_loss"))
        }
        guard var best = candidates.first else { throw MartletError(.internal, "There is no candidate.") }
        for candidate in candidates.dropFirst() where rank(candidate) > rank(best) { best = candidate }
        return best
    }

    private func metric(_ name: String) -> Double {
        validation[name]?.doubleValue ?? (TaskMetrics.isMaximized(name) ? -.infinity : .infinity)
    }

    /// The first metrics on validation, for people.
    var summary: String {
        let shown = validation.pairs.prefix(3).compactMap { name, value in
            value.doubleValue.map { "\(name) \(NumberText.trimmed($0, 4))" }
        }
        return shown.isEmpty ? "was not judged" : shown.joined(separator: ", ")
    }

    /// What the model was trained on, as its task says it, else as the dataset does.
    ///
    /// - Throws: `failedPrecondition` when neither names a target.
    func columns(_ target: DatasetTarget?, dataset: String) throws(MartletError) -> TrainingColumns {
        if let described { return try TrainingColumns(JSONFields(described, path: "\(task).columns")) }
        guard let target else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(dataset)' declares no target; add 'target: {column: …, classes: […]}'."
            )
        }
        let count = target.classes.count
        return TrainingColumns(
            task: count == 0 ? .regression : count == 2 ? .binary : .multiclass,
            target: target.column,
            classes: target.classes
        )
    }
}

extension TrainingColumns {
    /// Reads what `json` wrote.
    init(_ fields: JSONFields) throws(MartletError) {
        guard let task = LearningTask(rawValue: try fields.string("task")) else {
            throw fields.invalid("task", "must be binary, multiclass, regression or ranking")
        }
        self.init(
            task: task,
            target: try fields.string("target"),
            classes: try fields.strings("classes"),
            weight: try fields.optionalString("weight"),
            group: try fields.optionalString("group"),
            ignored: try fields.strings("ignore")
        )
    }

    /// The columns for a later task.
    var json: JSONObject {
        [
            "task": .string(task.rawValue), "target": .string(target),
            "classes": .array(classes.map(JSONValue.string)), "weight": .optional(weight), "group": .optional(group),
            "ignore": .array(ignored.map(JSONValue.string)),
        ]
    }
}
