import Core
import Foundation
import Learning
import Runtimes
import Testing

@Suite("Explanations of a model")
struct ModelExplainerTests {
    /// A model directory of one LightGBM tree over "signal"; "noise" does nothing.
    private static func folder(isClassifier: Bool = true) throws -> String {
        let folder = FileManager.default.temporaryDirectory.appending(path: "explained-\(Identifier.random())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let model = """
            tree
            version=v4
            num_class=1
            num_tree_per_iteration=1
            max_feature_idx=1
            objective=\(isClassifier ? "binary sigmoid:1" : "regression")
            feature_names=signal noise

            Tree=0
            num_leaves=2
            num_cat=0
            split_feature=0
            threshold=0.5
            decision_type=2
            left_child=-1
            right_child=-2
            leaf_value=-2 2
            leaf_count=10 30
            internal_count=40
            is_linear=0
            shrinkage=1

            end of trees

            """
        try model.write(to: folder.appending(path: "model.lgb"), atomically: true, encoding: .utf8)
        let yaml = """
            flavors:
              lightgbm:
                data: model.lgb
                lgb_version: 4.6.0
                model_class: lightgbm.basic.Booster
              python_function:
                loader_module: mlflow.lightgbm
            signature:
              inputs: '[{"type": "double", "name": "signal"}, {"type": "double", "name": "noise"}]'
              outputs: '[{"type": "double"}]'
            """
        try yaml.write(to: folder.appending(path: "MLmodel"), atomically: true, encoding: .utf8)
        let rows = (0..<40).map { "\(Double($0 % 4) / 4),\($0 % 7)" }.joined(separator: "\n")
        try ("signal,noise\n" + rows + "\n").write(
            to: folder.appending(path: "reference.csv"),
            atomically: true,
            encoding: .utf8
        )
        return folder.path
    }

    private static func table(_ count: Int = 40) throws -> Table {
        try Table(columns: [
            Column(name: "noise", values: .numbers((0..<count).map { Double($0 % 5) })),
            Column(name: "signal", values: .numbers((0..<count).map { Double($0 % 2) })),
            Column(name: "y", values: .strings((0..<count).map { $0 % 2 == 1 ? "yes" : "no" })),
        ])
    }

    private static func explained<Value: Sendable>(
        _ body: @Sendable (ModelExplainer, ModelExplainer.Rows) async throws -> Value
    ) async throws -> Value {
        let path = try folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let model = try await ExplainedModel.open(path)
        #expect(model.features == ["signal", "noise"] && model.exact != nil && model.marginUnit == "log-odds")
        let explainer = ModelExplainer(model)
        let rows = try explainer.rows(table(), target: "y", classes: ["no", "yes"], limit: 40)
        return try await body(explainer, rows)
    }

    @Test("SHAP values are exact, sampled ones agree in the output's unit")
    func shap() async throws {
        try await Self.explained { explainer, rows in
            let exact = try await explainer.answer(ExplanationQuery(.shap, plot: .beeswarm), rows)
            #expect(exact.json["base_value"]?.doubleValue == 1 && exact.json["unit"]?.stringValue == "log-odds")
            let values = exact.json["values"]?.arrayValue ?? []
            #expect(values.count == 40)
            #expect(values[0].arrayValue?.map(\.doubleValue) == [-3, 0])
            #expect(values[1].arrayValue?.map(\.doubleValue) == [1, 0])
            #expect(String(decoding: exact.svg ?? [], as: UTF8.self).hasPrefix("<svg"))
            let sampled = try await explainer.answer(ExplanationQuery(.kernel), rows)
            let base = try #require(sampled.json["base_value"]?.doubleValue)
            let rest = try #require(sampled.json["values"]?.arrayValue?.first?.arrayValue)
            let first = rest.compactMap { $0.doubleValue }
            #expect(abs(base + first[0] + first[1] - 1 / (1 + exp(2))) < 1e-6 && abs(first[1]) < 1e-9)
        }
    }

    @Test("interactions, permutations and partial dependence say what the tree does")
    func others() async throws {
        try await Self.explained { explainer, rows in
            let pairs = try await explainer.answer(ExplanationQuery(.interactions, plot: .heat), rows)
            let own = pairs.json["mean_absolute_interaction"]?.arrayValue?[0].arrayValue?[0].doubleValue ?? 0
            #expect(abs(own - 2) < 1e-9)
            let query = try ExplanationQuery(
                JSONFields(
                    ["kind": "permutation", "score": "log_loss", "plot": "bar", "repeats": 5, "seed": 3] as JSONObject,
                    path: ""
                )
            )
            let again = try await explainer.answer(query, rows)
            let permuted = try await explainer.answer(query, rows)
            #expect(permuted.json == again.json)
            let list = permuted.json["importance"]?.arrayValue ?? []
            #expect(list.map { $0["feature"]?.stringValue } == ["signal", "noise"])
            #expect(list[0]["low"]?.doubleValue ?? 0 > 0 && list[1]["mean"]?.doubleValue == 0)
            let curve = try await explainer.answer(ExplanationQuery(.pdp, features: ["signal"], plot: .pdp), rows)
            #expect(curve.json["grid"]?["signal"]?.arrayValue?.map(\.doubleValue) == [0, 1])
            let means = curve.json["mean"]?.arrayValue?.compactMap(\.doubleValue) ?? []
            #expect(abs(means[0] - 1 / (1 + exp(2))) < 1e-6 && abs(means[1] - 1 / (1 + exp(-2))) < 1e-6)
            #expect(curve.json["lines"]?.arrayValue?.count == 40 && curve.svg != nil)
            let plane = ExplanationQuery(.pdp, features: ["signal", "noise"], plot: .pdp)
            #expect(try await explainer.answer(plane, rows).json["mean"]?.arrayValue?.count == 10)
        }
    }

    @Test("a question that makes no sense is refused with the field's name")
    func refuses() async throws {
        let bad: [(JSONObject, String)] = [
            (["kind": "magic"], "kind"), (["plot": "pie"], "plot"), (["kind": "pdp"], "features"),
            (["kind": "shap", "plot": "heat"], "plot"), (["plot": "dependence"], "features"),
            (["repeats": .int(ExplanationLimits.repeats + 1)], "repeats"),
            (["points": .int(ExplanationLimits.gridPoints + 1)], "points"),
            (["row": .int(ExplanationLimits.rows)], "row"), (["features": ["a", "b"]], "features"),
        ]
        for (fields, name) in bad {
            let error = try #require(throws: MartletError.self) { try ExplanationQuery(JSONFields(fields, path: "")) }
            #expect(error.code == .invalidArgument && error.message.contains(name))
        }
        try await Self.explained { explainer, rows in
            for query in [
                ExplanationQuery(.pdp, features: ["nothing"]), ExplanationQuery(.shap, output: "maybe"),
            ] {
                let error = await #expect(throws: MartletError.self) { try await explainer.answer(query, rows) }
                #expect(error?.code == .invalidArgument)
            }
            let unlabelled = try explainer.rows(Self.table(), target: nil, limit: 10)
            #expect(unlabelled.count == 10)
            let error = await #expect(throws: MartletError.self) {
                try await explainer.answer(ExplanationQuery(.permutation), unlabelled)
            }
            #expect(error?.message.contains("target") == true)
            #expect(throws: MartletError.self) {
                try explainer.rows(Self.table(), target: "y", classes: ["no"], limit: 9)
            }
        }
    }

    @Test("time is bounded, rows are drawn evenly at their limits")
    func limits() async throws {
        let path = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let model = try await ExplainedModel.open(path)
        let late = ModelExplainer(model, seconds: 0)
        let rows = try late.rows(Self.table(), target: "y", classes: ["no", "yes"], limit: 40)
        for kind in ExplanationQuery.Kind.allCases {
            let query = ExplanationQuery(kind, features: kind == .pdp ? ["signal"] : [])
            let error = await #expect(throws: MartletError.self) { try await late.answer(query, rows) }
            #expect(error?.code == .deadlineExceeded, "\(kind)")
        }
        #expect(ModelExplainer.rowLimit(.shap) == ExplanationLimits.rows)
        #expect(ModelExplainer.rowLimit(.interactions) == ExplanationLimits.interactionRows)
        #expect(ModelExplainer.rowLimit(.kernel) == ExplanationLimits.sampledRows)
        #expect(ModelExplainer.rowLimit(.pdp) == ExplanationLimits.askedRows)
        #expect(ExplanationLimits.backgroundRows == 200 && ExplanationLimits.lines == 100)
        #expect(ExplanationLimits.interactionFeatures == 64 && ExplanationLimits.batchRows == 8_192)
        #expect(ExplanationLimits.seconds == 60 && ExplanationLimits.concurrent == 2)
        #expect(ExplanationLimits.requestBytes == 32 * 1024 * 1024)
    }

    @Test("scores judge classes and values, and the model as a whole")
    func scores() async throws {
        let path = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let explainer = ModelExplainer(try await ExplainedModel.open(path))
        let classes = ["no", "yes"]
        #expect(try await explainer.score("accuracy", on: Self.table(), target: "y", classes: classes) == 1)
        #expect(try await explainer.score("auroc", on: Self.table(), target: "y", classes: classes) == 1)
        let loss = try await explainer.score("log_loss", on: Self.table(), target: "y", classes: classes)
        #expect(abs(loss - log(1 + exp(-2))) < 1e-6)
        await #expect(throws: MartletError.self) {
            try await explainer.score("rmse", on: Self.table(), target: "y", classes: classes)
        }
        let value = try Self.folder(isClassifier: false)
        defer { try? FileManager.default.removeItem(atPath: value) }
        let regression = ModelExplainer(try await ExplainedModel.open(value))
        let truth = try Table(columns: [
            Column(name: "signal", values: .numbers([0, 1])), Column(name: "noise", values: .numbers([0, 0])),
            Column(name: "y", values: .numbers([-1, 2])),
        ])
        #expect(abs(try await regression.score("rmse", on: truth, target: "y", classes: []) - 0.5.squareRoot()) < 1e-6)
        #expect(abs(try await regression.score("r2", on: truth, target: "y", classes: []) - (1 - 1 / 4.5)) < 1e-6)
    }
}
