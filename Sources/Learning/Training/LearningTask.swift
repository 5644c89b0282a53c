/// What a model is to learn.
package enum LearningTask: String, Sendable, CaseIterable {
    /// One of two classes; the model gives the probability of the second.
    case binary
    /// One of several classes; the model gives a probability for each.
    case multiclass
    /// A number.
    case regression
    /// The order of the rows of each group; the model gives a score.
    case ranking

    /// Whether a row belongs to a class.
    package var isClassification: Bool { self == .binary || self == .multiclass }
}

/// Which library trains.
package enum TrainerKind: String, Sendable, CaseIterable {
    case xgboost
    case lightgbm
}
