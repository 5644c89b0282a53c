/// The named maxima of data quality.
package enum QualityLimits {
    /// Most values of a column that a profile lists with their counts.
    package static let listedValues = 100
    /// Most number columns whose correlations a profile has; the first ones are taken.
    package static let correlatedColumns = 50
    /// Most text columns whose associations (Cramér's V) a profile has; the first ones are taken.
    package static let associatedColumns = 20
    /// Most categories of a column that takes part in associations.
    package static let associatedCategories = 256
    /// Most rows that correlations of a profile are computed of; of more, evenly spaced ones are taken.
    package static let correlatedRows = 50_000
    /// Most elements of the `tests` of a suite; derived ones are as many as the columns ask for.
    package static let tests = 2000
    /// Most values in a list that a test compares with.
    package static let testValues = 1000
    /// Longest name of a test, column or value in a suite, in bytes.
    package static let textBytes = 1024
    /// Most rows of a table that is profiled.
    package static let rows = 50_000_000
}
