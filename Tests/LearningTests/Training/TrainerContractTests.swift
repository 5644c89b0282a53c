import Core
import Learning
import Runtimes
import Synchronization
import Testing

/// What every trainer does alike.
@Suite("Trainers")
struct TrainerContractTests {
    private static let small: JSONObject = ["max_depth": 3, "learning_rate": 0.3]

    @Test("tell two and several classes apart", arguments: TrainerKind.allCases, [2, 4])
    func classes(_ kind: TrainerKind, _ count: Int) async throws {
        let rows = try TrainingRows.classes(count)
        let task: LearningTask = count == 2 ? .binary : .multiclass
        let model = try await kind.train(TrainingSpec(task: task, parameters: Self.small, rounds: 12), rows)
        #expect(model.rounds == 12 && model.classes == rows.classes && model.bestRound == nil)
        let metrics = try ClassificationMetrics(
            probabilities: model.predict(rows),
            labels: rows.labels.map { Int($0) },
            classes: count
        )
        #expect(metrics.accuracy > 0.9)
    }

    @Test("learn numbers", arguments: TrainerKind.allCases)
    func regression(_ kind: TrainerKind) async throws {
        let rows = try TrainingRows.numbers()
        let model = try await kind.train(TrainingSpec(task: .regression, parameters: Self.small, rounds: 60), rows)
        let errors = zip(try model.predict(rows), rows.labels).map { abs($0 - $1) }
        #expect(errors.reduce(0, +) / Float(errors.count) < 0.8)
    }

    @Test("learn the order of groups", arguments: TrainerKind.allCases)
    func ranking(_ kind: TrainerKind) async throws {
        let (rows, judged) = (try TrainingRows.groups(), try TrainingRows.groups(seed: 9))
        let metric: JSONObject = kind == .xgboost ? ["eval_metric": "ndcg@5"] : ["metric": "ndcg", "eval_at": [5]]
        let spec = TrainingSpec(task: .ranking, parameters: metric, rounds: 15)
        let model = try await kind.train(spec, rows, judged)
        #expect(try #require(model.bestValue) > 0.85)
    }

    @Test("make forests and dropout models", arguments: TrainerKind.allCases, [TrainingSpec.Mode.forest, .dart])
    func modes(_ kind: TrainerKind, _ mode: TrainingSpec.Mode) async throws {
        let rows = try TrainingRows.classes(2)
        let model = try await kind.train(TrainingSpec(task: .binary, mode: mode, rounds: 10), rows)
        let metrics = try ClassificationMetrics(
            probabilities: model.predict(rows),
            labels: rows.labels.map { Int($0) },
            classes: 2
        )
        #expect(metrics.auroc > 0.9)
    }

    @Test("XGBoost makes linear models, LightGBM says that it does not")
    func linear() async throws {
        let rows = try TrainingRows.numbers()
        let spec = TrainingSpec(task: .regression, mode: .linear, rounds: 30)
        let model = try await TrainerKind.xgboost.train(spec, rows)
        #expect(try model.predict(rows).count == rows.count)
        await #expect(throws: MartletError.self) { try await TrainerKind.lightgbm.train(spec, rows) }
    }

    @Test("report each round, on validation and where asked on training rows", arguments: TrainerKind.allCases)
    func rounds(_ kind: TrainerKind) async throws {
        let (rows, judged) = (try TrainingRows.classes(2), try TrainingRows.classes(2, seed: 5))
        var spec = TrainingSpec(trainer: kind, task: .binary, parameters: Self.small, rounds: 6)
        spec.watchesTraining = true
        let reports = Mutex<[RoundReport]>([])
        let model = try await kind.trainer.train(spec, training: rows, validation: judged) { report in
            reports.withLock { $0.append(report) }
            return .go
        }
        let seen = reports.withLock { $0 }
        #expect(seen.map(\.round) == Array(0..<6))
        #expect(seen.allSatisfy { $0.metrics.map(\.part) == [.training, .validation] })
        let losses = seen.compactMap { $0.metrics.last?.value }
        #expect(losses == losses.sorted(by: >) && losses.count == 6)
        #expect(seen.allSatisfy { $0.metrics.allSatisfy { $0.name.hasSuffix("logloss") && !$0.isMaximized } })
        #expect(model.bestRound == 5 && model.bestValue == losses.last)
    }

    @Test("stop when rounds bring nothing, and keep the best round", arguments: TrainerKind.allCases)
    func earlyStopping(_ kind: TrainerKind) async throws {
        // Labels of the validation rows are mixed up, so that no tree helps there for long.
        let (rows, judged) = (try TrainingRows.classes(2), try TrainingRows.classes(2, rows: 60, seed: 5))
        var mixed = judged.labels
        var random = SeededGenerator(seed: 4)
        mixed.shuffle(using: &random)
        let validation = try TrainingTable(
            featureNames: judged.featureNames,
            values: judged.values,
            labels: mixed,
            classes: judged.classes
        )
        var spec = TrainingSpec(task: .binary, parameters: Self.small, rounds: 200)
        spec.earlyStopping = .init(rounds: 5)
        let model = try await kind.train(spec, rows, validation)
        let best = try #require(model.bestRound)
        #expect(best < 100 && model.rounds == best + 1)
        spec.earlyStopping = nil
        spec.rounds = best + 1
        let same = try await kind.train(spec, rows, validation)
        #expect(try model.predict(rows) == same.predict(rows))
    }

    @Test("end when told to after a round", arguments: TrainerKind.allCases)
    func stop(_ kind: TrainerKind) async throws {
        let spec = TrainingSpec(trainer: kind, task: .binary, rounds: 50)
        let model = try await kind.trainer.train(spec, training: TrainingRows.classes(2), validation: nil) {
            $0.round == 3 ? .stop : .go
        }
        #expect(model.isStopped && model.rounds == 4)
    }

    @Test("end after the round under way when the task is cancelled", arguments: TrainerKind.allCases)
    func cancellation(_ kind: TrainerKind) async throws {
        let rows = try TrainingRows.classes(2)
        // So small a step that there is always something left to learn.
        let spec = TrainingSpec(
            trainer: kind,
            task: .binary,
            parameters: ["learning_rate": 0.000_001],
            rounds: LearningLimits.rounds
        )
        let rounds = RoundCount()
        let training = Task {
            defer { rounds.finish() }
            return try await kind.trainer.train(spec, training: rows, validation: nil) { _ in rounds.count() }
        }
        for await _ in rounds.stream { break }
        training.cancel()
        await #expect(throws: CancellationError.self) { try await training.value }
        #expect(rounds.seen < LearningLimits.rounds)
    }

    @Test("give the same model for the same seed", arguments: TrainerKind.allCases)
    func repeatable(_ kind: TrainerKind) async throws {
        let rows = try TrainingRows.classes(3)
        var spec = TrainingSpec(task: .multiclass, parameters: ["subsample": 0.6], rounds: 8, seed: 11)
        if kind == .lightgbm { spec.parameters["bagging_freq"] = 1 }
        let models = try await [kind.train(spec, rows), kind.train(spec, rows)]
        #expect(models[0].bytes == models[1].bytes)
        spec.seed = 12
        #expect(try await kind.train(spec, rows).bytes != models[0].bytes)
    }

    @Test("weigh classes and rows", arguments: TrainerKind.allCases)
    func weights(_ kind: TrainerKind) async throws {
        let rows = try TrainingRows.classes(2)
        func mean(_ spec: TrainingSpec, _ rows: TrainingTable) async throws -> Float {
            try await kind.train(spec, rows).predict(rows).reduce(0, +) / Float(rows.count)
        }
        var spec = TrainingSpec(task: .binary, parameters: ["max_depth": 2], rounds: 3)
        let equal = try await mean(spec, rows)
        spec.classWeights = .given(["class 1": 20])
        #expect(try await mean(spec, rows) > equal + 0.05)
        spec.classWeights = .equal
        let weighted = try TrainingTable(
            featureNames: rows.featureNames,
            values: rows.values,
            labels: rows.labels,
            classes: rows.classes,
            weights: rows.labels.map { $0 == 1 ? 20 : 1 }
        )
        #expect(try await mean(spec, weighted) > equal + 0.05)
    }

    @Test("keep to the direction that a feature is given", arguments: TrainerKind.allCases)
    func monotone(_ kind: TrainerKind) async throws {
        let rows = try TrainingRows.numbers()
        let spec = TrainingSpec(task: .regression, rounds: 30, monotone: ["a": 1, "b": -1])
        let model = try await kind.train(spec, rows)
        for (feature, sign) in [(0, Float(1)), (1, -1)] {
            var values: [Float] = []
            for step in 0..<40 {
                var row: [Float] = [0.3, -0.2, 1]
                row[feature] = Float(step) / 10 - 2
                values += row
            }
            let outputs = try model.runtime().predict(values, count: 40)
            #expect(zip(outputs, outputs.dropFirst()).allSatisfy { sign * ($1 - $0) >= -1e-5 })
        }
    }

    @Test("take codes of categories", arguments: TrainerKind.allCases)
    func categories(_ kind: TrainerKind) async throws {
        let rows = try TrainingRows.numbers()
        var spec = TrainingSpec(task: .regression, rounds: 40, categorical: ["c"])
        if kind == .lightgbm { spec.parameters = ["min_data_per_group": 5, "cat_smooth": 1] }
        let model = try await kind.train(spec, rows)
        let errors = zip(try model.predict(rows), rows.labels).map { abs($0 - $1) }
        #expect(errors.reduce(0, +) / Float(errors.count) < 0.8)
        // A code that was not there is answered all the same.
        #expect(try model.runtime().predict([0, 0, 77], count: 1)[0].isFinite)
    }
}

/// Counts rounds and tells of them.
private final class RoundCount: Sendable {
    let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation
    private let total = Atomic(0)

    init() {
        (stream, continuation) = AsyncStream<Void>.makeStream()
    }

    var seen: Int { total.load(ordering: .relaxed) }

    func count() -> RoundDecision {
        total.add(1, ordering: .relaxed)
        continuation.yield()
        return .go
    }

    func finish() {
        continuation.finish()
    }
}
