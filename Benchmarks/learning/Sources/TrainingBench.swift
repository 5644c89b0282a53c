import Core
import Foundation
import Learning
import Runtimes

/// How long one training takes: `train VALUES LABELS WIDTH SPEC TRIES`.
///
/// `VALUES` and `LABELS` hold 32-bit floats; `SPEC` is an object with `trainer`, `task`, `mode`, `rounds`, `threads`, `seed` and
/// `parameters`. The clock runs from the call of the trainer to the saved model.
enum TrainingBench {
    static func run(_ arguments: [String]) async throws {
        guard arguments.count >= 5, let width = Int(arguments[2]), width > 0, let tries = Int(arguments[4]) else {
            throw MartletError(.invalidArgument, "train VALUES LABELS WIDTH SPEC TRIES")
        }
        let fields = try JSONFields(try JSONValue.parse(arguments[3]))
        let task = LearningTask(rawValue: try fields.string("task")) ?? .regression
        let labels = try floats(arguments[1])
        let rows = try TrainingTable(
            featureNames: (0..<width).map { "f\($0)" },
            values: try floats(arguments[0]),
            labels: labels,
            classes: task.isClassification ? (0...Int(labels.max() ?? 1)).map(String.init) : []
        )
        let spec = TrainingSpec(
            trainer: TrainerKind(rawValue: try fields.string("trainer")) ?? .xgboost,
            task: task,
            mode: TrainingSpec.Mode(rawValue: try fields.optionalString("mode") ?? "trees") ?? .trees,
            parameters: try fields.optionalObject("parameters") ?? [:],
            rounds: Int(try fields.int("rounds")),
            seed: UInt64(try fields.optionalInt("seed", in: 0 ... .max) ?? 0),
            threads: Int(try fields.int("threads"))
        )
        let clock = ContinuousClock()
        for _ in 0..<tries {
            let start = clock.now
            let model = try await spec.trainer.trainer.train(spec, training: rows, validation: nil) { _ in .go }
            let seconds = (clock.now - start) / .seconds(1)
            let first = try model.runtime().predict(Array(rows.values.prefix(width)), count: 1)
            let figures: JSONValue = [
                "seconds": .number(seconds), "rounds": .int(model.rounds), "first": .number(Double(first[0])),
            ]
            print(figures.description)
            flushOutput()
            // The caller says when to go on, so that peers take turns.
            guard readLine() != nil else { return }
        }
    }

    private static func floats(_ path: String) throws -> [Float] {
        try Data(contentsOf: URL(filePath: path)).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }
}
