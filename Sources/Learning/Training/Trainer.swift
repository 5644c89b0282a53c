/// A library that trains models; the blocking calls run off the cooperative pool.
package protocol Trainer: Sendable {
    /// Which library it is.
    var kind: TrainerKind { get }

    /// Trains a model.
    ///
    /// Cancelling the task ends training after the round that is under way.
    ///
    /// - Parameters:
    ///   - spec: what to learn and how.
    ///   - training: the rows to learn from.
    ///   - validation: rows that each round is judged on; nil to judge none.
    ///   - onRound: told after each round, on the thread that trains; it decides whether to go on.
    /// - Returns: the model, of the best round when training was ended early by `spec.earlyStopping`.
    /// - Throws: `invalidArgument` for rows that cannot be learned from or a parameter that the library refuses,
    ///   `failedPrecondition` without the library, `CancellationError`.
    func train(
        _ spec: TrainingSpec,
        training: TrainingTable,
        validation: TrainingTable?,
        onRound: @escaping @Sendable (RoundReport) -> RoundDecision
    ) async throws -> TrainedModel
}

/// What one round came to.
package struct RoundReport: Sendable, Equatable {
    /// A metric as the library computes it.
    package struct Metric: Sendable, Equatable {
        /// The library's name for it, such as `logloss`.
        package let name: String
        /// The rows that it was computed on.
        package let part: Part
        /// The value.
        package let value: Double
        /// Whether more is better.
        package let isMaximized: Bool

        /// Makes a metric.
        package init(name: String, part: Part, value: Double, isMaximized: Bool) {
            self.name = name
            self.part = part
            self.value = value
            self.isMaximized = isMaximized
        }
    }

    /// The rows that a metric was computed on.
    package enum Part: String, Sendable {
        case training = "train"
        case validation
    }

    /// The round, from 0.
    package let round: Int
    /// The metrics after it; empty when no rows are judged.
    package let metrics: [Metric]

    /// Makes a report.
    package init(round: Int, metrics: [Metric]) {
        self.round = round
        self.metrics = metrics
    }
}

/// Whether training goes on.
package enum RoundDecision: Sendable, Equatable {
    case go
    /// Ends training; the model has the rounds so far.
    case stop
}

extension TrainerKind {
    /// The trainer over this library.
    package var trainer: any Trainer {
        switch self {
        case .xgboost: XGBoostTrainer()
        case .lightgbm: LightGBMTrainer()
        }
    }
}
