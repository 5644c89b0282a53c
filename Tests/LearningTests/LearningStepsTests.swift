import Artifacts
import Core
import Datasets
import Learning
import Runtimes
import Storage
import Studies
import Synchronization
import TestSupport
import Testing
import Tracking

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The stores of a server, in memory and in a folder that is removed afterwards.
private final class Bench: Sendable {
    let folder: String
    let tracking: TrackingStore
    let datasets: DatasetStore
    let steps: [String: BuiltinStep]
    let lines = Mutex<[String]>([])
    let clock = ManualClock().clock

    init(split: String = #""split": {"train": 0.35, "validation": 0.15, "test": 0.5, "seed": 7}"#) async throws {
        var template = Array("/tmp/martlet-learning-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw MartletError(.internal, "mkdtemp failed") }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        let database = try Database.inMemory()
        try await database.migrate(TrackingStore.migrations + DatasetStore.migrations + StudyStore.migrations)
        tracking = TrackingStore(
            database: database,
            artifacts: try DiskArtifactStore(root: folder + "/artifacts"),
            clock: clock
        )
        try await tracking.prepare()
        datasets = DatasetStore(database: database, clock: clock)
        steps = Dictionary(
            uniqueKeysWithValues: LearningSteps.all(
                tracking: tracking,
                datasets: datasets,
                studies: StudyStore(database: database, clock: clock)
            ).map { ($0.name, $0) }
        )
        let names = (0..<30).map { "\"feature \($0)\"" }.joined(separator: ", ")
        let section = try JSONValue.parse(
            """
            {"cancer": {"source": {"file": "breast_cancer.csv", "skip_lines": 1, "block_rows": 200},
              "columns": [\(names), "target"], "target": {"column": "target", "classes": ["malignant", "benign"]},
              \(split)}}
            """
        )
        let examples = GoldenFiles.folder + "/../../examples/breast-cancer"
        try await datasets.apply(try DatasetSpec.parseSection(section), directory: examples)
        _ = try await datasets.ingest("cancer")
    }

    deinit {
        var words: [UnsafeMutablePointer<CChar>?] = []
        for word in ["rm", "-rf", folder] { words.append(strdup(word)) }
        words.append(nil)
        var child = pid_t()
        if posix_spawnp(&child, "rm", nil, nil, words, nil) == 0 { waitpid(child, nil, 0) }
        for word in words { free(word) }
    }

    func run(
        _ step: String,
        _ parameters: JSONObject,
        task: String = "task",
        upstream: [String: JSONObject] = [:]
    ) async throws -> JSONObject {
        let context = StepContext(
            runID: "run",
            pipeline: "training",
            task: task,
            attempt: 1,
            parameters: parameters,
            upstream: upstream,
            directory: folder,
            clock: clock,
            log: { line in self.lines.withLock { $0.append(line) } },
            progress: { _, _ in }
        )
        return try await #require(steps[step]).run(context)
    }

    /// The files beneath a run's artifacts.
    func artifacts(_ runID: String) async throws -> [String] {
        let root = try await tracking.artifactRoot(runID: runID)
        return try await tracking.artifacts.files(beneath: root).compactMap { $0.path.relative(to: root) }
    }
}

@Suite("The learning steps on the breast-cancer data")
struct LearningStepsTests {
    @Test("split, tune twice at once, evaluate: a good, explained, stored model")
    func wholeWay() async throws {
        let bench = try await Bench()
        let split = try await bench.run("learning.split", ["dataset": "cancer"])
        #expect(split["parts"]?["train"]?.integerValue == 199 && split["parts"]?["test"]?.integerValue == 284)

        async let first = bench.run(
            "learning.tune",
            ["dataset": "cancer", "objective": "accuracy", "trials": 12, "seed": 7],
            task: "tune-accuracy"
        )
        async let second = bench.run(
            "learning.tune",
            ["dataset": "cancer", "objective": "auroc", "trials": 12, "seed": 7],
            task: "tune-auroc"
        )
        let upstream = try await ["tune-accuracy": first, "tune-auroc": second]
        let outputs = try await bench.run("learning.evaluate", ["dataset": "cancer"], upstream: upstream)
        let metrics = try #require(outputs["metrics"]?.objectValue)
        #expect(metrics["accuracy"]?.doubleValue ?? 0 > 0.92)
        #expect(metrics["auroc"]?.doubleValue ?? 0 > 0.97)
        #expect(outputs["test_rows"]?.integerValue == 284)

        try await checkRuns(bench, upstream)
        let runID = try #require(outputs["run_id"]?.stringValue)
        let run = try await bench.tracking.run(runID)
        #expect(run.metric("test_accuracy") == metrics["accuracy"]?.doubleValue)
        let files = try await bench.artifacts(runID)
        for file in [
            "model/MLmodel", "model/model.json", "model/martlet.json", "model/reference.csv", "model/conda.yaml",
            "model/requirements.txt", "model/python_env.yaml", "model/input_example.json", "evaluation.json",
            "explanations/importance.svg", "explanations/beeswarm.svg", "explanations/waterfall.svg",
            "explanations/shap.json",
        ] {
            #expect(files.contains(file), "\(file) of \(files)")
        }
        try await checkModel(bench, outputs)
    }

    private func checkRuns(_ bench: Bench, _ upstream: [String: JSONObject]) async throws {
        for (task, outputs) in upstream {
            let runID = try #require(outputs["run_id"]?.stringValue)
            let run = try await bench.tracking.run(runID)
            #expect(run.info.name == task && run.info.status == .finished && run.info.endTime != nil)
            #expect(run.param("max_depth") != nil && run.param("objective") == outputs["objective"]?.stringValue)
            #expect(run.datasets.count == 1)
            let children = try await bench.tracking.searchRuns(
                experimentIDs: [run.info.experimentID],
                filter: "tags.mlflow.parentRunId = '\(runID)'"
            ).runs
            #expect(children.count == 12)
            #expect(children.allSatisfy { $0.info.status == .finished && $0.metric("log_loss") != nil })
            let objective = outputs["objective"]?.stringValue ?? ""
            let best = children.compactMap { $0.metric(objective) }.max()
            #expect(outputs["validation"]?[objective]?.doubleValue == best)
        }
    }

    private func checkModel(_ bench: Bench, _ outputs: JSONObject) async throws {
        let path = try ArtifactPath(validating: try #require(outputs["model_path"]?.stringValue))
        let directory = try ModelDirectory.open(try await bench.tracking.artifacts.localURL(path))
        #expect(directory.isVerified)
        #expect(directory.classes == ["malignant", "benign"])
        #expect(directory.featureNames.count == 30 && directory.featureNames.first == "feature 0")
        #expect(directory.metrics["test_accuracy"] == outputs["metrics"]?["accuracy"]?.doubleValue)
        let reference = try #require(try directory.reference())
        #expect(reference.columns.count == 30 && reference.rowCount == 285)
        #expect(try directory.loadRuntime().name == "trees")

        let table = try await bench.datasets.rows("cancer", split: "test")
        let host = directory.path
        let comparison = try await BlockingWork.run {
            try ModelComparison.compare(candidate: host, champion: host, on: table, target: "target")
        }
        #expect(comparison.rows == 284 && comparison.disagreement == 0 && comparison.pValue == 1)
        #expect(comparison.candidate.accuracy == outputs["metrics"]?["accuracy"]?.doubleValue)
    }

    @Test("the same seed gives the same model; permuted labels give a bad one")
    func repeatableAndWrong() async throws {
        let bench = try await Bench()
        _ = try await bench.run("learning.split", ["dataset": "cancer"])
        let parameters: JSONObject = ["dataset": "cancer", "trials": 3, "seed": 1]
        var sums: [String] = []
        for _ in 0..<2 {
            let outputs = try await bench.run("learning.tune", parameters)
            let path = try ArtifactPath(validating: outputs["model_path"]?.stringValue ?? "")
            sums.append(try await bench.tracking.artifacts.digest(path.appending("model.json")).sha256)
        }
        #expect(sums[0] == sums[1])
        var wrong = parameters
        wrong["permute_labels"] = true
        let tuned = try await bench.run("learning.tune", wrong, task: "wrong")
        let judged = try await bench.run("learning.evaluate", ["dataset": "cancer"], upstream: ["wrong": tuned])
        #expect(judged["metrics"]?["accuracy"]?.doubleValue ?? 1 < 0.75)
        #expect(judged["metrics"]?["auroc"]?.doubleValue ?? 1 < 0.8)
    }

    @Test("explain at most the limit of rows")
    func explainedRows() async throws {
        let bench = try await Bench()
        let shares: [(JSONObject, Int)] = [
            (["dataset": "cancer", "train": 0.3, "validation": 0.3, "test": 0.4], 228),
            (["dataset": "cancer", "train": 0.2, "validation": 0.1, "test": 0.7], LearningLimits.explainedRows),
        ]
        for (split, expected) in shares {
            _ = try await bench.run("learning.split", split)
            let tuned = try await bench.run("learning.tune", ["dataset": "cancer", "trials": 1])
            let judged = try await bench.run("learning.evaluate", ["dataset": "cancer"], upstream: ["tune": tuned])
            let root = try await bench.tracking.artifactRoot(runID: judged["run_id"]?.stringValue ?? "")
            let bytes = try await bench.tracking.artifacts.readAll(
                root.appending("explanations/shap.json"),
                limit: 1 << 20
            )
            #expect(try JSONValue.parse(bytes)["rows"]?.integerValue == Int64(expected))
        }
    }

    @Test("a split in 'with' wins over the dataset's; its shares must add up")
    func splitShares() async throws {
        let bench = try await Bench()
        let outputs = try await bench.run(
            "learning.split",
            ["dataset": "cancer", "train": 0.6, "test": 0.4, "seed": 3, "stratify": "target"]
        )
        #expect(outputs["parts"]?["train"]?.integerValue == 341 && outputs["parts"]?["validation"] == nil)
        let error = try await #require(throws: MartletError.self) {
            try await bench.run("learning.split", ["dataset": "cancer", "train": 0.6, "test": 0.3])
        }
        #expect(error.code == .invalidArgument && error.message.contains("add up"))
    }

    @Test(
        "say what is wrong with their parameters",
        arguments: [
            ("learning.tune", ["dataset": "cancer", "objective": "beauty"], "objective"),
            ("learning.tune", ["dataset": "cancer", "trials": 0], "trials"),
            ("learning.tune", ["dataset": "cancer", "trials": .integer(Int64(LearningLimits.trials) + 1)], "trials"),
            ("learning.tune", ["dataset": "cancer", "tirals": 3], "tirals"),
            ("learning.tune", [:], "dataset"),
            ("learning.tune", ["dataset": "cancer"], "learning.split"),
            ("learning.evaluate", ["dataset": "cancer"], "needs"),
            ("learning.split", ["dataset": "nope"], "nope"),
            ("learning.split", ["dataset": "cancer", "stratify": "nope"], "nope"),
        ] as [(String, JSONObject, String)]
    )
    func badParameters(_ step: String, _ parameters: JSONObject, _ part: String) async throws {
        let bench = try await Bench()
        let error = try await #require(throws: MartletError.self) { try await bench.run(step, parameters) }
        #expect(error.message.contains(part), "\(error.message)")
    }

    @Test("compare at most the limit of candidates")
    func candidateLimit() async throws {
        let bench = try await Bench()
        let outputs: JSONObject = ["run_id": "r", "model_path": "1/r/artifacts/model", "validation": ["accuracy": 1]]
        let limit = LearningLimits.candidates
        let upstream = Dictionary(uniqueKeysWithValues: (0...limit).map { ("t\($0)", outputs) })
        let error = try await #require(throws: MartletError.self) {
            try await bench.run("learning.evaluate", ["dataset": "cancer"], upstream: upstream)
        }
        #expect(error.code == .failedPrecondition && error.message.contains("\(limit)"))
    }

    @Test("a cancelled tuning leaves its runs killed, not running")
    func cancelled() async throws {
        let bench = try await Bench()
        _ = try await bench.run("learning.split", ["dataset": "cancer"])
        let work = Task {
            try await bench.run("learning.tune", ["dataset": "cancer", "experiment": "stopped", "trials": 1000])
        }
        while bench.lines.withLock({ !$0.contains { $0.hasPrefix("trial 2/") } }) {
            try? await Task.sleep(for: .milliseconds(1))
        }
        work.cancel()
        await #expect(throws: (any Error).self) { try await work.value }
        let experiment = try await bench.tracking.experiment(named: "stopped")
        let runs = try await bench.tracking.searchRuns(experimentIDs: [experiment.id]).runs
        #expect(runs.count >= 3)
        #expect(runs.allSatisfy { $0.info.status != .running })
        #expect(runs.contains { $0.info.status == .killed })
    }
}
