/// The two tables of a dataset.
package enum DatasetStage: String, Sendable, CaseIterable {
    /// The text as it came.
    case raw
    /// Typed, trimmed values.
    case clean
}
