/// The largest sizes that performance accepts; each is tested at the limit and one past it.
package enum PerformanceLimits {
    /// Rows that are judged at once.
    package static let rows = 1_000_000
    /// Classes of a model.
    package static let classes = 1_000
    /// Cells of a table of probabilities (rows times classes): 80 MB.
    package static let probabilities = 10_000_000
    /// Points that are kept of a ROC or precision-recall curve.
    package static let curvePoints = 200
    /// Bins of a reliability curve.
    package static let calibrationBins = 100
    /// Segments that are reported by name; the rows of the smaller ones are joined.
    package static let segments = 50
    /// Chunks into which rows are cut.
    package static let chunks = 10_000
    /// Features that direct loss estimation learns from.
    package static let features = 512
}
