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
        StepParameter(
            "metric",
            "What the better candidate is better at, on validation; by default accuracy, rmse or ndcg."
        ),
        StepParameter("test", "The part of the split to judge on, 'test' by default."),
        StepParameter("segments", "Columns by whose values the metrics are broken down."),
        StepParameter("seed", "The seed of the resamples that intervals come from, 0 by default."),
        StepParameter(
            "card",
            "What the model card says beside what is recorded: \(ModelCardMaker.fields.joined(separator: ", "))."
        ),
    ]

    func run(_ context: StepContext) async throws -> JSONObject {
        let fields = JSONFields(context.parameters, path: "with")
        try fields.rejectUnknown(Self.parameters.map(\.name))
        let (name, part) = (try fields.string("dataset"), try fields.optionalString("test") ?? "test")
        let segments = try fields.strings("segments")
        let seed = UInt64(try fields.optionalInt("seed", in: 0 ... .max) ?? 0)
        let said = try Self.card(fields)
        let candidates = try EvaluationCandidate.all(context.upstream)
        let rows = try await datasets.rowSet(name)
        let columns = try candidates[0].columns(rows.target, dataset: name)
        let metric = try fields.optionalString("metric") ?? TaskMetrics.main(columns.task)
        let chosen = try EvaluationCandidate.choose(candidates, by: metric)
        for candidate in candidates { context.log("\(candidate.task): validation \(candidate.summary)") }
        context.log("\(chosen.task) is the better by \(metric)")
        context.progress(0.2, "chose \(chosen.task)")

        let test = try EvaluationRows(
            rows,
            part: part,
            columns: try chosen.columns(rows.target, dataset: name),
            dataset: name
        )
        let evaluated = try await evaluate(chosen, test, segments: segments, seed: seed)
        let metrics = evaluated.report.judged.metrics
        context.log("test: \(Self.summary(metrics)) on \(metrics.rows) rows")
        try Task.checkCancellation()
        try await record(chosen, evaluated, context.clock, tags: said)
        context.progress(0.6, "test \(Self.main(metrics, columns.task))")
        let plots = try await explain(chosen, test)
        context.log(
            "explained \(min(test.table.rowCount, LearningLimits.explainedRows)) rows: \(plots.joined(separator: ", "))"
        )
        context.progress(1, "test \(Self.main(metrics, columns.task)), explained")
        var outputs: JSONObject = [
            "run_id": .string(chosen.runID), "task": .string(chosen.task),
            "model_path": .string(chosen.modelPath.description),
            "model_uri": .string("runs:/\(chosen.runID)/\(ModelPackage.folder)"), "dataset": .string(name),
            "version": .string(rows.version), "metric": .string(metric), "validation": .object(chosen.validation),
            "metrics": metrics.json, "test_rows": .int(metrics.rows),
        ]
        if case .classification(let metrics) = metrics { outputs["confusion"] = metrics.confusion.json }
        outputs["intervals"] = .object(JSONObject(evaluated.report.intervals.map { ($0.name, $0.json) }))
        outputs["explanations"] = .array(plots.map { .string($0) })
        return outputs
    }

    /// What the author says in the model's card, kept as tags of the run.
    private static func card(_ fields: JSONFields) throws(MartletError) -> [Tag] {
        guard let card = try fields.optionalFields("card") else { return [] }
        try card.rejectUnknown(ModelCardMaker.fields)
        var tags: [Tag] = []
        for field in ModelCardMaker.fields {
            guard let text = try card.optionalString(field) else { continue }
            guard text.utf8.count <= LearningLimits.cardTextBytes else {
                throw card.invalid(field, "must have at most \(LearningLimits.cardTextBytes) bytes")
            }
            tags.append(Tag(key: ModelCardMaker.tag(field), value: text))
        }
        return tags
    }

    /// A report and its charts.
    private struct Evaluated: Sendable {
        let report: EvaluationReport
        let charts: [(name: String, bytes: [UInt8])]
    }

    private static func summary(_ metrics: TaskMetrics) -> String {
        metrics.named.filter { $0.value.isFinite }.prefix(3)
            .map { "\($0.name) \(NumberText.trimmed($0.value, 4))" }.joined(separator: ", ")
    }

    private static func main(_ metrics: TaskMetrics, _ task: LearningTask) -> String {
        let name = TaskMetrics.main(task)
        return "\(name) \(NumberText.trimmed(metrics[name] ?? .nan, 4))"
    }

    /// Asks the stored model, as serving would, about every test row.
    private func evaluate(
        _ candidate: EvaluationCandidate,
        _ rows: EvaluationRows,
        segments: [String],
        seed: UInt64
    ) async throws -> Evaluated {
        let path = try await tracking.artifacts.localURL(candidate.modelPath)
        return try await BlockingWork.run {
            let directory = try ModelDirectory.open(path)
            let predictor = try directory.loadPredictor()
            try rows.require(predictor.columns)
            let judged = try JudgedModel(
                try predictor.predict(rows.table, ignoring: rows.columns.reserved),
                of: rows.truth,
                task: rows.columns.task,
                threshold: directory.threshold
            )
            let report = try EvaluationReport(judged, table: rows.table, segmentedBy: segments, seed: seed)
            return Evaluated(report: report, charts: EvaluationCharts.files(report))
        }
    }

    /// Adds the test metrics to the run and to the model's own description.
    private func record(
        _ candidate: EvaluationCandidate,
        _ evaluated: Evaluated,
        _ clock: Clock,
        tags: [Tag]
    ) async throws {
        let report = evaluated.report
        let named = report.judged.metrics.named.map { (name: "test_\($0.name)", value: $0.value) }
            .filter { $0.value.isFinite }
        try await RunLogger(tracking: tracking, clock: clock).log(candidate.runID, metrics: named, tags: tags)
        let root = try await tracking.artifactRoot(runID: candidate.runID)
        try await tracking.artifacts.write(
            root.appending("evaluation.json"),
            bytes: Array(report.json.prettyPrinted().utf8)
        )
        for (name, bytes) in evaluated.charts {
            try await tracking.artifacts.write(root.appending("evaluation/\(name)"), bytes: bytes)
        }
        let file = try candidate.modelPath.appending(MartletModelFile.name)
        let bytes = try await tracking.artifacts.readAll(file, limit: RuntimesLimits.descriptionBytes)
        var description = try MartletModelFile(JSONValue.parse(bytes))
        let names = Set(named.map(\.name))
        description.metrics = description.metrics.filter { !names.contains($0.name) } + named
        try await tracking.artifacts.write(file, bytes: Array(description.json.prettyPrinted().utf8))
    }

    /// Draws the plots of the last output and stores them with the run; returns their names.
    private func explain(_ candidate: EvaluationCandidate, _ rows: EvaluationRows) async throws -> [String] {
        let path = try await tracking.artifacts.localURL(candidate.modelPath)
        let files = try await BlockingWork.run { try EvaluationExplanation.files(path, rows) }
        let folder = try await tracking.artifactRoot(runID: candidate.runID).appending("explanations")
        for (name, bytes) in files {
            try await tracking.artifacts.write(folder.appending(name), bytes: bytes)
        }
        return files.map { "explanations/\($0.name)" }
    }
}
