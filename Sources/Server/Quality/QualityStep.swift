import Artifacts
import Core
import Quality
import Tracking

/// `data.test`: runs a suite on a dataset; a critical test that fails, fails the task and so stops what needs it.
///
/// The report is kept as `quality.json` of a run, whatever the verdict.
struct QualityStep: Sendable {
    let gate: QualityGate
    let tracking: TrackingStore

    static let reportFile = "quality.json"
    /// Most failed tests that outputs and messages name; the report has all.
    private static let namedFailures = 5

    static func make(gate: QualityGate, tracking: TrackingStore) -> BuiltinStep {
        BuiltinStep(
            name: "data.test",
            summary: "Tests a dataset's quality, alone or against a reference; a failed critical test fails the task.",
            parameters: [
                StepParameter("dataset", "The dataset's name under 'data:'.", isRequired: true),
                StepParameter("split", "The part of its split that is tested; all rows by default."),
                StepParameter("reference", "The dataset that it is compared with; none by default."),
                StepParameter("reference_split", "The part of the reference's split."),
                StepParameter("suite", "The tests, {tests, derive}; everything that can be derived by default."),
                StepParameter("experiment", "Where the report is kept as a run; the pipeline's name by default."),
            ]
        ) { context in
            try await QualityStep(gate: gate, tracking: tracking).run(context)
        }
    }

    private func run(_ context: StepContext) async throws -> JSONObject {
        let fields = JSONFields(context.parameters, path: "with")
        let name = try fields.string("dataset")
        let experiment = try fields.optionalString("experiment") ?? context.pipeline
        let request = try QualityGate.Request(dataset: name, fields)
        let (report, version) = try await gate.test(request)
        for test in report.tests where test.status != .success {
            context.log("\(test.status.rawValue): \(test.description)")
        }
        context.log(report.summary)
        try Task.checkCancellation()
        let runID = try await keep(report, request, version, experiment, context)
        context.progress(1, report.summary)
        guard report.passed else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(name)' failed \(report.tests.count(where: \.failsSuite)) critical tests of its quality: "
                    + "\(report.failures(Self.namedFailures)) The report is \(Self.reportFile) of run \(runID)."
            )
        }
        return [
            "dataset": .string(name), "version": .string(version), "passed": true, "tests": .int(report.tests.count),
            "warnings": .int(report.count(.warning)), "summary": .string(report.summary), "run_id": .string(runID),
            "report": .string("runs:/\(runID)/\(Self.reportFile)"),
        ]
    }

    /// Logs the report as a run and returns the run's id.
    private func keep(
        _ report: QualityReport,
        _ request: QualityGate.Request,
        _ version: String,
        _ experiment: String,
        _ context: StepContext
    ) async throws -> String {
        let run = try await tracking.createRun(
            experimentID: try await experimentID(experiment),
            name: context.task,
            userID: "martlet",
            startTime: context.clock.now,
            tags: [
                Tag(key: "mlflow.source.name", value: "martlet"), Tag(key: "mlflow.source.type", value: "JOB"),
                Tag(key: "martlet.dataset", value: request.dataset),
                Tag(key: "martlet.dataset_version", value: version),
                Tag(key: "martlet.pipeline_run", value: context.runID),
            ]
        )
        let id = run.info.id
        let now = context.clock.now
        let figures: [(String, Int)] = [
            ("quality_tests", report.tests.count), ("quality_success", report.count(.success)),
            ("quality_fail", report.count(.fail)), ("quality_warning", report.count(.warning)),
            ("quality_error", report.count(.error)), ("quality_passed", report.passed ? 1 : 0),
        ]
        try await tracking.logBatch(
            runID: id,
            metrics: figures.map { Metric(key: $0.0, value: Double($0.1), timestamp: now, step: 0) },
            params: [Param(key: "dataset", value: request.dataset)]
                + (request.reference.map { [Param(key: "reference", value: $0)] } ?? []),
            tags: []
        )
        try await tracking.artifacts.write(
            try await tracking.artifactRoot(runID: id).appending(Self.reportFile),
            bytes: Array(report.json.prettyPrinted().utf8)
        )
        try await tracking.updateRun(id, status: report.passed ? .finished : .failed, endTime: context.clock.now)
        return id
    }

    /// The experiment of that name, made when it is missing; two tasks may ask at once.
    private func experimentID(_ name: String) async throws -> String {
        do {
            return try await tracking.experiment(named: name).id
        } catch let error as MartletError where error.code == .notFound {
            do {
                return try await tracking.createExperiment(name: name)
            } catch let error as MartletError where error.code == .alreadyExists {
                return try await tracking.experiment(named: name).id
            }
        }
    }
}
