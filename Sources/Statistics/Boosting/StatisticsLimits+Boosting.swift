extension StatisticsLimits {
    /// Trees of one boosted model.
    package static let boostingRounds = 2_000
    /// Leaves of one boosted tree.
    package static let boostingLeaves = 256
    /// Bins of one feature of a boosted model: the value and the missing bin fit in one byte.
    package static let boostingBins = 255
    /// Histogram cells (bins of all features times leaves) of one boosted model: 100 MB while it is trained.
    package static let boostingCells = 4_200_000
    /// Values of a column that bin boundaries are taken from; longer columns are thinned evenly.
    package static let boostingBoundaryRows = 200_000
}
