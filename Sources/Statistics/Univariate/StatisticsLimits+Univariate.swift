/// The largest sizes that univariate tests accept or compute exactly.
extension StatisticsLimits {
    /// Values on a side up to which Cramér–von Mises counts interleavings.
    package static let exactCramerVonMisesSize = 20
    /// Bins of one histogram.
    package static let histogramBins = 100_000
    /// Values of both sides up to which a permutation test shuffles them one by one.
    package static let shuffledValues = 10_000
}
