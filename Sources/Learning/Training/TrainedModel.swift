import Core
package import Runtimes

/// A model that a library trained.
package struct TrainedModel: Sendable, Equatable {
    /// Which library made it, and so what runs it.
    package let trainer: TrainerKind
    /// What it learned.
    package let task: LearningTask
    /// The model file's contents: XGBoost's JSON or LightGBM's text.
    package let bytes: [UInt8]
    /// The features' names in column order.
    package let featureNames: [String]
    /// The class names by index; empty unless classes were learned.
    package let classes: [String]
    /// How many rounds it has.
    package let rounds: Int
    /// The best round from 0, when each was judged.
    package let bestRound: Int?
    /// The watched metric after the best round.
    package let bestValue: Double?
    /// Whether `onRound` ended training.
    package let isStopped: Bool

    /// The model as it will serve: Martlet's tree walker where it takes the model, else the library.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Throws: `dataLoss` for damaged bytes.
    package func runtime() throws -> any RowRuntime {
        do {
            switch trainer {
            case .xgboost: return try TreeEnsemble(bytes)
            case .lightgbm: return try TreeEnsemble(lightGBM: bytes)
            }
        } catch let error as MartletError where error.code == .unimplemented {
            switch trainer {
            case .xgboost: return try XGBoostRuntime(bytes)
            case .lightgbm: return try LightGBMRuntime(bytes)
            }
        }
    }

    /// What the model says of every row: the probability of class 1, one for each class, the value or the score.
    ///
    /// Blocks: call it through `BlockingWork`.
    ///
    /// - Throws: `invalidArgument` when the rows have another number of features.
    package func predict(_ rows: TrainingTable) throws -> [Float] {
        try runtime().predict(rows.values, count: rows.count)
    }
}
