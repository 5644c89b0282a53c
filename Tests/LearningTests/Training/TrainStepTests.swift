import Artifacts
import Core
import Datasets
import Learning
import Runtimes
import Testing
import Tracking

@Suite("learning.train")
struct TrainStepTests {
    @Test("trains, streams rounds to the run, stores a model that serves raw rows", arguments: TrainerKind.allCases)
    func regression(_ kind: TrainerKind) async throws {
        let bench = try await TrainBench(TrainBench.flats(), target: DatasetTarget(column: "rent"))
        let outputs = try await bench.run(
            "learning.train",
            [
                "trainer": .string(kind.rawValue), "rounds": 40, "categorical": ["town"], "ignore": ["dear", "rank"],
                "parameters": ["learning_rate": 0.2], "monotone": ["size": 1], "watch_training": true,
            ]
        )
        #expect(outputs["transformed"] == true && outputs["rounds"] == 40)
        let run = try await bench.tracking.run(outputs["run_id"]?.stringValue ?? "")
        #expect(run.info.status == .finished && run.param("trainer") == kind.rawValue)
        let history = try await bench.tracking.metricHistory(
            runID: run.info.id,
            key: kind == .xgboost ? "validation_rmse" : "validation_l2"
        )
        #expect(Set(history.metrics.map(\.step)).count >= 40)

        let directory = try ModelDirectory.open(try await bench.model(outputs))
        #expect(directory.isVerified && directory.featureNames == ["size", "town", "street"])
        #expect(directory.signature?.inputs[1].type == .string && directory.transformFile == "transform.json")
        let test = try await bench.datasets.rows("flats", split: "test")
        let values = try directory.loadPredictor().predict(test)
        let truths = test["rent"]?.numbers ?? []
        let errors = zip(values, truths).map { abs(Double($0) - $1) }
        #expect(errors.reduce(0, +) / Double(errors.count) < 220)
        let reference = try #require(try directory.reference())
        #expect(reference.columns.map(\.name) == ["size", "town", "street"])
    }

    @Test("tells classes by the dataset or the column, weighs them, stops early")
    func classes() async throws {
        let target = DatasetTarget(column: "dear", classes: ["no", "yes"])
        let bench = try await TrainBench(TrainBench.flats(), target: target)
        let parameters: JSONObject = [
            "ignore": ["rent", "rank"], "categorical": ["town"], "class_weights": "balanced", "rounds": 200,
            "early_stopping": ["rounds": 5, "metric": "logloss"],
        ]
        let outputs = try await bench.run("learning.train", parameters)
        #expect(outputs["columns"]?["task"] == "binary" && outputs["rounds"]?.integerValue ?? 999 < 150)
        #expect(outputs["validation"]?["accuracy"]?.doubleValue ?? 0 > 0.85)
        let judged = try await bench.run(
            "learning.evaluate",
            ["segments": ["town"], "card": ["intended_use": "rents <in> towns | only"]],
            upstream: ["train": outputs]
        )
        let report = try await bench.json(outputs, "evaluation.json")
        let accuracy = try #require(report["metrics"]?["accuracy"]?.doubleValue)
        let interval = try #require(report["intervals"]?["accuracy"])
        #expect(interval["value"]?.doubleValue == accuracy && judged["intervals"]?["accuracy"] == interval)
        #expect(interval["low"]?.doubleValue ?? 1 < accuracy && interval["high"]?.doubleValue ?? 0 >= accuracy)
        #expect(report["segments"]?.arrayValue?.count == 4 && report["by_class"]?.arrayValue?.count == 1)
        #expect(report["calibration"]?["bins"]?.arrayValue?.isEmpty == false)
        let root = try await bench.tracking.artifactRoot(runID: outputs["run_id"]?.stringValue ?? "")
        let files = try await bench.tracking.artifacts.files(beneath: root).compactMap { $0.path.relative(to: root) }
        for name in ["roc", "precision_recall", "calibration", "confusion", "segments"] {
            #expect(files.contains("evaluation/\(name).svg"), "\(files)")
        }
        #expect(files.contains("explanations/beeswarm.svg"))
        try await checkCard(bench, outputs)
    }

    private func checkCard(_ bench: TrainBench, _ outputs: JSONObject) async throws {
        let runID = try #require(outputs["run_id"]?.stringValue)
        let folder = try await bench.tracking.artifactRoot(runID: runID).appending("model")
        let subject = CardSubject(
            model: "rents",
            version: 3,
            description: "<script>alert(1)</script> | a *bold* claim",
            tags: [("martlet.card.owner", "Ada & Bo")],
            runID: runID,
            source: "runs:/\(runID)/model",
            folder: folder,
            created: Timestamp(milliseconds: 0)
        )
        let maker = ModelCardMaker(tracking: bench.tracking)
        let card = try await maker.card(of: subject)
        let titles = card.sections.map(\.title)
        #expect(
            titles == [
                "Summary", "Intended use", "Data", "Inputs and outputs", "Training", "Results", "By segment",
                "What moves its answers", "Limits", "Where it comes from",
            ]
        )
        #expect(!card.html.contains("<script>") && card.html.contains("Ada &amp; Bo"))
        #expect(card.html.contains("rents &lt;in&gt; towns | only"))
        #expect(card.markdown.contains("rents &lt;in&gt; towns \\| only") && !card.markdown.contains("<script>"))
        #expect(card.markdown.contains("95 % interval"))
        let paths = try await maker.store(subject)
        #expect(paths == ["model_cards/rents-3.md", "model_cards/rents-3.html"])
        // A version whose run is gone still has a card.
        let orphan = CardSubject(
            model: "rents",
            version: 4,
            runID: String(repeating: "0", count: 32),
            source: "s3://elsewhere",
            folder: nil,
            created: Timestamp(milliseconds: 0)
        )
        #expect(try await maker.card(of: orphan).sections.map(\.title).contains("Limits"))
    }

    @Test("fits a transform on the training rows, and the model takes it along")
    func transform() async throws {
        let bench = try await TrainBench(TrainBench.flats(), target: DatasetTarget(column: "rent"))
        let steps: JSONValue = [
            ["drop": ["street"]], ["impute": ["columns": ["size"], "with": "median"]],
            ["encode": ["columns": ["town"], "method": "one_hot"]], ["derive": ["big": "size > 80"]],
            ["scale": ["columns": ["size"], "method": "standard"]],
        ]
        let outputs = try await bench.run(
            "learning.train",
            ["transform": steps, "ignore": ["dear", "rank"], "rounds": 30, "validation": "validation"]
        )
        let directory = try ModelDirectory.open(try await bench.model(outputs))
        #expect(directory.featureNames == ["size", "town"])
        let predictor = try directory.loadPredictor()
        #expect(predictor.columns == ["size", "town"])
        let test = try await bench.datasets.rows("flats", split: "test")
        let features = try predictor.features(of: test)
        #expect(features.names == ["size", "town_Bern", "town_Chur", "town_Genf", "big"])
        let judged = try await bench.run("learning.evaluate", upstream: ["train": outputs])
        #expect(judged["metrics"]?["r2"]?.doubleValue ?? 0 > 0.5)
        let alone = try predictor.predict(test.selecting([0]))
        #expect(try predictor.predict(test)[0] == alone[0])
    }

    @Test("stores the metrics of more rounds than one batch holds, and refuses long texts for the card")
    func batches() async throws {
        let bench = try await TrainBench(TrainBench.flats(100), target: DatasetTarget(column: "rent"))
        let rounds = LearningLimits.metricBatch + 20
        let outputs = try await bench.run(
            "learning.train",
            ["rounds": .int(rounds), "ignore": ["dear", "rank", "town"], "parameters": ["max_depth": 1]]
        )
        let history = try await bench.tracking.metricHistory(
            runID: outputs["run_id"]?.stringValue ?? "",
            key: "validation_rmse"
        )
        // The last one is the metric of the whole model, which has the same name.
        #expect(Set(history.metrics.map(\.step)).count == rounds)
        let long = String(repeating: "x", count: LearningLimits.cardTextBytes + 1)
        let error = try await #require(throws: MartletError.self) {
            try await bench.run(
                "learning.evaluate",
                ["card": ["limits": .string(long)]],
                upstream: ["train": outputs]
            )
        }
        #expect(error.message.contains("\(LearningLimits.cardTextBytes) bytes"))
    }

    @Test("ranks the rows of groups")
    func ranking() async throws {
        let bench = try await TrainBench(TrainBench.flats(), target: DatasetTarget(column: "rank"))
        for kind in TrainerKind.allCases {
            let outputs = try await bench.run(
                "learning.train",
                [
                    "trainer": .string(kind.rawValue), "group": "street", "ignore": ["rent", "dear"], "rounds": 10,
                    "categorical": ["town"],
                ]
            )
            #expect(outputs["columns"]?["task"] == "ranking")
            let judged = try await bench.run("learning.evaluate", upstream: ["train": outputs])
            #expect(judged["metrics"]?["ndcg"]?.doubleValue ?? 0 > 0.6)
        }
    }

    @Test("learns several classes, and draws what a regression left over")
    func others() async throws {
        let bench = try await TrainBench(TrainBench.flats(), target: DatasetTarget(column: "rent"))
        let common: JSONObject = ["trainer": "lightgbm", "categorical": ["town"], "rounds": 10]
        var several = common
        (several["task"], several["target"], several["ignore"]) = ("multiclass", "rank", ["rent", "dear"])
        let ranks = try await bench.run("learning.train", several)
        let judged = try await bench.run("learning.evaluate", upstream: ["train": ranks])
        #expect(judged["metrics"]?["auroc"]?.doubleValue ?? 0 > 0.8)
        var number = common
        number["ignore"] = ["rank", "dear"]
        let rents = try await bench.run("learning.train", number)
        let left = try await bench.run("learning.evaluate", ["metric": "mae"], upstream: ["train": rents])
        #expect(left["intervals"]?["r2"]?["low"]?.doubleValue ?? -1 > 0)
        let root = try await bench.tracking.artifactRoot(runID: rents["run_id"]?.stringValue ?? "")
        let svg = try await bench.tracking.artifacts.readAll(root.appending("evaluation/residuals.svg"), limit: 1 << 20)
        #expect(String(decoding: svg.prefix(4), as: UTF8.self) == "<svg")
    }

    @Test(
        "say what is wrong",
        arguments: [
            (["trainer": "catboost"], "trainer"), (["rounds": 0], "rounds"), (["roundz": 3], "roundz"),
            (["early_stopping": ["patience": 3]], "patience"), (["class_weights": 3], "class_weights"),
            (["class_weights": ["yes": -1]], "class_weights.yes"), (["monotone": ["size": 2]], "monotone.size"),
            (["target": "nope"], "nope"), (["ignore": ["dear"]], "is text"), (["group": "nope"], "nope"),
            (["train": "nope"], "learning.split"), (["validation": "nope"], "learning.split"),
            (["weight": "town", "ignore": ["dear"]], "weights"),
            (["task": "binary", "ignore": ["dear", "town"]], "which is none of"),
            (["task": "multiclass", "ignore": ["dear", "town"]], "Row 1"), (["target": "dear"], "is text"),
        ] as [(JSONObject, String)]
    )
    func refusals(_ parameters: JSONObject, _ part: String) async throws {
        let bench = try await TrainBench(TrainBench.flats(120), target: DatasetTarget(column: "rent"))
        let error = try await #require(throws: MartletError.self) {
            try await bench.run("learning.train", parameters)
        }
        #expect(error.message.contains(part), "\(error.message)")
    }
}
