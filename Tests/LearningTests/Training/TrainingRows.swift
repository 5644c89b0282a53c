import Core
import Learning

/// Small tables to train on, the same on every run.
enum TrainingRows {
    /// Rows of two or more classes that the first features tell apart; every tenth value is missing.
    static func classes(_ count: Int, rows: Int = 240, seed: UInt64 = 1) throws -> TrainingTable {
        var random = SeededGenerator(seed: seed)
        var (values, labels): ([Float], [Float]) = ([], [])
        for row in 0..<rows {
            let label = row < count ? row : random.index(below: count)
            labels.append(Float(label))
            values += [
                Float(Double(label) * 2 + random.normal() * 0.6), Float(random.normal()),
                row % 10 == 9 ? .nan : Float(-Double(label) + random.normal()),
            ]
        }
        return try TrainingTable(
            featureNames: ["a", "b [mm]", "c"],
            values: values,
            labels: labels,
            classes: (0..<count).map { "class \($0)" }
        )
    }

    /// Rows with a number to predict.
    static func numbers(rows: Int = 240, seed: UInt64 = 2) throws -> TrainingTable {
        var random = SeededGenerator(seed: seed)
        var (values, labels): ([Float], [Float]) = ([], [])
        for _ in 0..<rows {
            let (a, b, c) = (random.normal(), random.normal(), Double(random.index(below: 4)))
            values += [Float(a), Float(b), Float(c)]
            labels.append(Float(3 * a - b + [0, 4, 1, 3][Int(c)] + random.normal() * 0.1))
        }
        return try TrainingTable(featureNames: ["a", "b", "c"], values: values, labels: labels)
    }

    /// Groups of rows, of which the first feature says how relevant they are.
    static func groups(_ sizes: [Int] = Array(repeating: 12, count: 20), seed: UInt64 = 3) throws -> TrainingTable {
        var random = SeededGenerator(seed: seed)
        var (values, labels): ([Float], [Float]) = ([], [])
        for _ in 0..<sizes.reduce(0, +) {
            let relevance = random.index(below: 4)
            values += [Float(Double(relevance) + random.normal() * 0.3), Float(random.normal())]
            labels.append(Float(relevance))
        }
        return try TrainingTable(featureNames: ["a", "b"], values: values, labels: labels, groups: sizes)
    }
}

extension TrainerKind {
    /// Trains without looking at the rounds.
    func train(
        _ spec: TrainingSpec,
        _ training: TrainingTable,
        _ validation: TrainingTable? = nil
    ) async throws -> TrainedModel {
        var spec = spec
        spec.trainer = self
        return try await trainer.train(spec, training: training, validation: validation) { _ in .go }
    }
}
