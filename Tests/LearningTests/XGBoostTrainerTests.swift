import Core
import Learning
import Runtimes
import Testing

@Suite("The XGBoost trainer")
struct XGBoostTrainerTests {
    private static func rows(classes: Int, features: [String] = ["a", "b"]) throws -> LabelledRows {
        var random = SeededGenerator(seed: 6)
        let labels = (0..<300).map { _ in random.index(below: classes) }
        var columns: [Column] = []
        for (position, name) in features.enumerated() {
            let numbers = labels.map { Double($0) * (position == 0 ? 2 : -1) + random.normal() * 0.4 }
            columns.append(Column(name: name, values: .numbers(numbers)))
        }
        columns.append(Column(name: "y", values: .integers(labels.map { Int64($0) })))
        return try LabelledRows(Table(columns: columns), target: "y")
    }

    @Test("learns two and several classes", arguments: [2, 3, 5])
    func classes(_ count: Int) throws {
        let rows = try Self.rows(classes: count)
        let trainer = XGBoostTrainer(seed: 1)
        let booster = try trainer.train(on: rows, parameters: [("n_estimators", "10"), ("max_depth", "3")])
        #expect(try booster.roundCount() == 10)
        let probabilities = try trainer.probabilities(booster, for: rows)
        let metrics = try ClassificationMetrics(probabilities: probabilities, labels: rows.labels, classes: count)
        #expect(metrics.accuracy > 0.93 && metrics.auroc > 0.97)
        let contributions = try trainer.contributions(booster, for: rows)
        #expect(contributions.count == 300 * (count == 2 ? 1 : count) * 3)
    }

    @Test("takes feature names that XGBoost itself refuses")
    func names() throws {
        let rows = try Self.rows(classes: 2, features: ["size [mm]", "a<b"])
        let model = try XGBoostTrainer(seed: 1).train(on: rows, parameters: [("n_estimators", "2")]).save(.json)
        #expect(!model.isEmpty)
    }

    @Test("stops between rounds when it is told to")
    func stops() throws {
        let signal = StopSignal()
        signal.stop()
        #expect(throws: CancellationError.self) {
            try XGBoostTrainer(seed: 1).train(on: Self.rows(classes: 2), parameters: [], until: signal)
        }
    }
}
