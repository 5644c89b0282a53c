import Core
import Learning
import Testing

@Suite("What trainers refuse")
struct TrainerRefusalTests {
    private static func refused(
        _ part: String,
        _ body: () async throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
    ) async {
        do {
            try await body()
            Issue.record("accepted what should name '\(part)'", sourceLocation: sourceLocation)
        } catch let error as MartletError {
            #expect(
                error.code == .invalidArgument && error.message.contains(part),
                "\(error.message)",
                sourceLocation: sourceLocation
            )
        } catch {
            Issue.record("\(error)", sourceLocation: sourceLocation)
        }
    }

    @Test("a target of one class", arguments: TrainerKind.allCases)
    func oneClass(_ kind: TrainerKind) async throws {
        let rows = try TrainingTable(
            featureNames: ["a"],
            values: [1, 2, 3],
            labels: [1, 1, 1],
            classes: ["no", "yes"]
        )
        await Self.refused("class 'yes'") { _ = try await kind.train(TrainingSpec(task: .binary), rows) }
    }

    @Test("rows that hold nothing, and numbers that are none")
    func rows() async {
        func table(_ values: [Float], _ labels: [Float], weights: [Float]? = nil, groups: [Int] = []) throws {
            _ = try TrainingTable(
                featureNames: ["size"],
                values: values,
                labels: labels,
                weights: weights,
                groups: groups
            )
        }
        await Self.refused("no rows") { try table([], []) }
        await Self.refused("Every value") { try table([.nan, .nan], [1, 2]) }
        await Self.refused("Row 2: 'size' is infinite") { try table([1, .infinity], [1, 2]) }
        await Self.refused("Row 2: the target is infinite") { try table([1, 2], [1, -.infinity]) }
        await Self.refused("Row 1: the target is missing") { try table([1, 2], [.nan, 1]) }
        await Self.refused("Row 2: the weight") { try table([1, 2], [1, 2], weights: [1, -1]) }
        await Self.refused("Every row's weight is 0") { try table([1, 2], [1, 2], weights: [0, 0]) }
        await Self.refused("do not add up") { try table([1, 2], [1, 2], groups: [1, 2]) }
        await Self.refused("groups have 1 rows") { try table([1, 2], [1, 2], groups: [1]) }
        await Self.refused("0 to \(LearningLimits.relevance)") {
            try table([1, 2], [1, Float(LearningLimits.relevance + 1)], groups: [2])
        }
        await Self.refused("are no 2 rows") { try table([1, 2, 3], [1, 2]) }
        await Self.refused("at most \(LearningLimits.features)") {
            let count = LearningLimits.features + 1
            _ = try TrainingTable(
                featureNames: (0..<count).map { "f\($0)" },
                values: [Float](repeating: 1, count: count),
                labels: [1]
            )
        }
    }

    @Test("parameters that are unknown, reach files or belong elsewhere", arguments: TrainerKind.allCases)
    func parameters(_ kind: TrainerKind) async throws {
        let rows = try TrainingRows.classes(2)
        func train(_ parameters: JSONObject) async throws {
            _ = try await kind.train(TrainingSpec(task: .binary, parameters: parameters, rounds: 1), rows)
        }
        await Self.refused("did you mean 'max_depth'") { try await train(["max_dept": 3]) }
        for name in ["output_model", "forcedsplits_filename", "machines", "device", "nthread", "process_type"] {
            await Self.refused("'\(name)' is no parameter") { try await train([name: "x"]) }
        }
        await Self.refused("for the task 'binary'") { try await train(["objective": "reg:squarederror"]) }
        await Self.refused("without blanks") { try await train(["max_depth": "3 output_model=x"]) }
        await Self.refused("without blanks") { try await train(["max_depth": ["a": 1]]) }
        await Self.refused("must be a whole number") { try await train(["n_estimators": 1.5]) }
        await Self.refused(kind == .xgboost ? "XGBoost failed" : "LightGBM failed") {
            try await train(["learning_rate": "fast"])
        }
        await Self.refused("'mode'") { try await train([kind == .xgboost ? "booster" : "boosting": "dart"]) }
        let many = JSONObject((0...LearningLimits.trainingParameters).map { ("p\($0)", .integer(1)) })
        await Self.refused("at most \(LearningLimits.trainingParameters)") { try await train(many) }
        let long = String(repeating: "1", count: LearningLimits.parameterBytes + 1)
        await Self.refused("without blanks") { try await train(["max_depth": .string(long)]) }
    }

    @Test("rounds, threads and trees past the limits", arguments: TrainerKind.allCases)
    func limits(_ kind: TrainerKind) async throws {
        let rows = try TrainingRows.classes(3)
        func train(_ change: (inout TrainingSpec) -> Void) async throws {
            var spec = TrainingSpec(task: .multiclass, rounds: 1)
            change(&spec)
            _ = try await kind.train(spec, rows)
        }
        try await train { $0.threads = 1 }
        await Self.refused("\(LearningLimits.rounds) rounds") {
            try await train { $0.rounds = LearningLimits.rounds + 1 }
        }
        await Self.refused("\(LearningLimits.rounds) rounds") { try await train { $0.rounds = 0 } }
        await Self.refused("\(LearningLimits.trees) trees") {
            try await train { $0.rounds = LearningLimits.trees / 3 + 1 }
        }
        await Self.refused("\(LearningLimits.threads) threads") {
            try await train { $0.threads = LearningLimits.threads + 1 }
        }
        await Self.refused("needs validation rows") { try await train { $0.earlyStopping = .init(rounds: 3) } }
    }

    @Test("features that are not there or no codes", arguments: TrainerKind.allCases)
    func features(_ kind: TrainerKind) async throws {
        let rows = try TrainingRows.numbers()
        func train(_ change: (inout TrainingSpec) -> Void) async throws {
            var spec = TrainingSpec(task: .regression, rounds: 1)
            change(&spec)
            _ = try await kind.train(spec, rows)
        }
        await Self.refused("'monotone' names 'z'") { try await train { $0.monotone = ["z": 1] } }
        await Self.refused("1, 0 or -1") { try await train { $0.monotone = ["a": 2] } }
        await Self.refused("a categorical feature has none") {
            try await train { ($0.monotone, $0.categorical) = (["c": 1], ["c"]) }
        }
        await Self.refused("'categorical' names 'z'") { try await train { $0.categorical = ["z"] } }
        await Self.refused("must be a code") { try await train { $0.categorical = ["a"] } }
        await Self.refused("0 to \(LearningLimits.categories)") {
            let many = try TrainingTable(
                featureNames: ["c"],
                values: [0, Float(LearningLimits.categories + 1)],
                labels: [0, 1]
            )
            _ = try await kind.train(TrainingSpec(task: .regression, categorical: ["c"]), many)
        }
        await Self.refused("need a target with classes") { try await train { $0.classWeights = .balanced } }
        await Self.refused("needs the group") { try await train { $0.task = .ranking } }
        await Self.refused("does not fit") { try await train { $0.task = .binary } }
    }

    @Test("early stopping by a metric that is not there or has no value", arguments: TrainerKind.allCases)
    func watching(_ kind: TrainerKind) async throws {
        let rows = try TrainingRows.classes(2)
        var spec = TrainingSpec(task: .binary, rounds: 3)
        spec.earlyStopping = .init(rounds: 2, metric: "gini")
        await Self.refused("'gini'") { _ = try await kind.train(spec, rows, rows) }
        guard kind == .xgboost else { return }
        // The area under the curve has no value where all rows are of one class.
        spec.parameters = ["eval_metric": "auc"]
        spec.earlyStopping = .init(rounds: 2)
        let single = try TrainingTable(
            featureNames: rows.featureNames,
            values: Array(rows.values.prefix(6)),
            labels: [1, 1],
            classes: rows.classes
        )
        await Self.refused("no value on the validation rows") { _ = try await kind.train(spec, rows, single) }
    }
}
