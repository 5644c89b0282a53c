package import Core

/// Rows of numbers with what is to be learned from them, checked.
package struct TrainingTable: Sendable, Equatable {
    /// The features' names in column order.
    package let featureNames: [String]
    /// Row-major: rows × features; NaN is missing.
    package let values: [Float]
    /// One number a row: the class's index, the value, or how relevant the row is in its group.
    package let labels: [Float]
    /// The class names by index; empty unless classes are learned.
    package let classes: [String]
    /// What each row counts for; nil when all count the same.
    package let weights: [Float]?
    /// How many rows each group has, in order; empty unless rows are ranked.
    package let groups: [Int]

    /// How many rows there are.
    package var count: Int { labels.count }

    /// Takes rows that are numbers already.
    ///
    /// - Throws: `invalidArgument` when sizes do not fit, there are no rows or features, a feature has an infinite
    ///   value, a label is missing or infinite, or a weight is negative.
    package init(
        featureNames: [String],
        values: [Float],
        labels: [Float],
        classes: [String] = [],
        weights: [Float]? = nil,
        groups: [Int] = []
    ) throws(MartletError) {
        self.featureNames = featureNames
        self.values = values
        self.labels = labels
        self.classes = classes
        self.weights = weights
        self.groups = groups
        try check()
    }
}
