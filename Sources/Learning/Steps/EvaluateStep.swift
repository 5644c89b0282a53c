import Artifacts
import Core
import Datasets
import Performance
import Plots
import Runtimes
import Tracking

/// `learning.evaluate`: picks the better candidate on validation, judges it on the test rows, explains it.
struct EvaluateStep: Sendable {
    let tracking: TrackingStore
    let datasets: DatasetStore

    static let parameters = [
        StepParameter("dataset", "The dataset's name under 'data:'.", isRequired: true),
        StepParameter("metric", "What the better candidate is better at, on validation: accuracy by default."),
        StepParameter("test", "The part of the split to judge on, 'test' by default."),
    ]

    /// A tuned model among the upstream outputs.
    private struct Candidate: Sendable {
        let task: String
        let runID: String
        let modelPath: ArtifactPath
        let validation: JSONObject

        func metric(_ name: String) -> Double {
            validation[name]?.doubleValue ?? (name == "log_loss" ? .infinity : -.infinity)
        }
    }

    func run(_ context: StepContext) async throws -> JSONObject {
        let fields = JSONFields(context.parameters, path: "with")
        try fields.rejectUnknown(Self.parameters.map(\.name))
        let (name, part) = (try fields.string("dataset"), try fields.optionalString("test") ?? "test")
        let metric = try fields.optionalString("metric") ?? "accuracy"
        let candidates = try Self.candidates(context.upstream)
        let chosen = try Self.choose(candidates, by: metric)
        for candidate in candidates {
            context.log(
                "\(candidate.task): validation accuracy \(NumberText.trimmed(candidate.metric("accuracy"), 4)), auroc "
                    + "\(NumberText.trimmed(candidate.metric("auroc"), 4)), log loss "
                    + "\(NumberText.trimmed(candidate.metric("log_loss"), 4))"
            )
        }
        context.log("\(chosen.task) is the better by \(metric)")
        context.progress(0.2, "chose \(chosen.task)")

        let rows = try LabelledRows(try await datasets.rowSet(name), part: part, dataset: name)
        let metrics = try await judge(chosen, rows)
        context.log(
            "test: accuracy \(NumberText.trimmed(metrics.accuracy, 4)), auroc \(NumberText.trimmed(metrics.auroc, 4)) on "
                + "\(metrics.rows) rows"
        )
        try Task.checkCancellation()
        try await record(chosen, metrics, context.clock)
        context.progress(0.6, "test accuracy \(NumberText.trimmed(metrics.accuracy, 4))")
        let plots = try await explain(chosen, rows)
        context.log("explained \(min(rows.count, LearningLimits.explainedRows)) rows: \(plots.joined(separator: ", "))")
        context.progress(1, "test accuracy \(NumberText.trimmed(metrics.accuracy, 4)), explained")
        return [
            "run_id": .string(chosen.runID), "task": .string(chosen.task),
            "model_path": .string(chosen.modelPath.description),
            "model_uri": .string("runs:/\(chosen.runID)/\(ModelPackage.folder)"), "dataset": .string(name),
            "metric": .string(metric), "validation": .object(chosen.validation), "metrics": metrics.json,
            "test_rows": .int(metrics.rows), "confusion": metrics.confusion.json,
            "explanations": .array(plots.map { .string($0) }),
        ]
    }

    private static func candidates(_ upstream: [String: JSONObject]) throws -> [Candidate] {
        var candidates: [Candidate] = []
        for task in upstream.keys.sorted() {
            guard let outputs = upstream[task], let run = outputs["run_id"]?.stringValue,
                let path = outputs["model_path"]?.stringValue
            else { continue }
            candidates.append(
                Candidate(
                    task: task,
                    runID: run,
                    modelPath: try ArtifactPath(validating: path),
                    validation: outputs["validation"]?.objectValue ?? [:]
                )
            )
        }
        guard !candidates.isEmpty, candidates.count <= LearningLimits.candidates else {
            throw MartletError(
                .failedPrecondition,
                "learning.evaluate found \(candidates.count) tuned models among the tasks it needs; name 1 to "
                    + "\(LearningLimits.candidates) learning.tune tasks under 'needs'."
            )
        }
        return candidates
    }

    /// The metric decides, then AUROC, then log loss, then the name, so that the choice is repeatable.
    private static func choose(_ candidates: [Candidate], by metric: String) throws -> Candidate {
        guard candidates.allSatisfy({ $0.validation[metric]?.doubleValue != nil }) else {
            throw MartletError(.invalidArgument, "'with.metric' is '\(metric)', which the candidates did not measure.")
        }
        let sign: Double = metric == "log_loss" ? -1 : 1
        let rank = { (candidate: Candidate) in
            (sign * candidate.metric(metric), candidate.metric("auroc"), -candidate.metric("log_loss"))
        }
        guard var best = candidates.first else { throw MartletError(.internal, "There is no candidate.") }
        for candidate in candidates.dropFirst() where rank(candidate) > rank(best) { best = candidate }
        return best
    }

    /// Asks the stored model, as serving would, about every test row.
    private func judge(_ candidate: Candidate, _ rows: LabelledRows) async throws -> ClassificationMetrics {
        let path = try await tracking.artifacts.localURL(candidate.modelPath)
        return try await BlockingWork.run {
            let directory = try ModelDirectory.open(path)
            guard directory.featureNames == rows.featureNames else {
                throw MartletError(.failedPrecondition, "The model was trained on other columns than the dataset has.")
            }
            return try ClassificationMetrics(
                probabilities: try directory.loadRuntime().predict(rows.values, count: rows.count),
                labels: rows.labels,
                classes: rows.classes.count,
                threshold: directory.threshold
            )
        }
    }

    /// Adds the test metrics to the run and to the model's own description.
    private func record(_ candidate: Candidate, _ metrics: ClassificationMetrics, _ clock: Clock) async throws {
        let named = metrics.named.map { (name: "test_\($0.name)", value: $0.value) }.filter { $0.value.isFinite }
        try await RunLogger(tracking: tracking, clock: clock).log(candidate.runID, metrics: named)
        let root = try await tracking.artifactRoot(runID: candidate.runID)
        let report: JSONValue = [
            "rows": .int(metrics.rows), "metrics": metrics.json, "confusion_matrix": metrics.confusion.json,
        ]
        try await tracking.artifacts.write(
            root.appending("evaluation.json"),
            bytes: Array(report.prettyPrinted().utf8)
        )
        let file = try candidate.modelPath.appending(MartletModelFile.name)
        let bytes = try await tracking.artifacts.readAll(file, limit: RuntimesLimits.descriptionBytes)
        var description = try MartletModelFile(JSONValue.parse(bytes))
        let names = Set(named.map(\.name))
        description.metrics = description.metrics.filter { !names.contains($0.name) } + named
        try await tracking.artifacts.write(file, bytes: Array(description.json.prettyPrinted().utf8))
    }

    /// Draws the plots of the last class's output and stores them with the run; returns their names.
    private func explain(_ candidate: Candidate, _ rows: LabelledRows) async throws -> [String] {
        let path = try candidate.modelPath.appending(ModelPackage.modelFile)
        let model = try await tracking.artifacts.readAll(path, limit: RuntimesLimits.modelBytes)
        let shown = rows.sample(LearningLimits.explainedRows, seed: 0)
        let files = try await BlockingWork.run { try Self.plots(model, shown) }
        let folder = try await tracking.artifactRoot(runID: candidate.runID).appending("explanations")
        for (name, bytes) in files {
            try await tracking.artifacts.write(folder.appending(name), bytes: bytes)
        }
        return files.map { "explanations/\($0.name)" }
    }

    private static func plots(_ model: [UInt8], _ rows: LabelledRows) throws -> [(name: String, bytes: [UInt8])] {
        let booster = try XGBoostBooster(model: model)
        let contributions = try XGBoostTrainer(seed: 0).contributions(booster, for: rows)
        let outputs = rows.classes.count == 2 ? 1 : rows.classes.count
        let explanation = try Attributions(
            rows,
            contributions: contributions,
            outputs: outputs,
            output: outputs - 1,
            name: rows.classes.last ?? "class 1"
        )
        // The row nearest to the threshold is the one worth a closer look.
        let closest = (0..<rows.count).min { abs(explanation.margin(of: $0)) < abs(explanation.margin(of: $1)) } ?? 0
        return [
            ("importance.svg", ImportancePlot.svg(explanation)),
            ("beeswarm.svg", BeeswarmPlot.svg(explanation)),
            ("waterfall.svg", WaterfallPlot.svg(explanation, row: closest)),
            ("shap.json", Array(explanation.json.prettyPrinted().utf8)),
        ]
    }
}
