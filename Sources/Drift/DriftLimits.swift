/// The largest sizes that comparing tables accepts; each is tested at the limit and one past it.
package enum DriftLimits {
    /// Detectors in one list of specifications.
    package static let detectors = 32
    /// Columns named one by one in a specification.
    package static let namedColumns = 4_096
    /// Longest `reason` or example value that a report repeats from the data, in characters.
    package static let exampleCharacters = 40
    /// Categories drawn and listed for one column; the rest is one bar.
    package static let listedCategories = 20
    /// Segments compared one by one; the smallest are left out.
    package static let segments = 50
    /// Past reports drawn as history.
    package static let historyPoints = 200
}
