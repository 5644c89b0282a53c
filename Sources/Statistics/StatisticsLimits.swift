/// The largest sizes that statistics accept; each is tested at the limit and one past it.
package enum StatisticsLimits {
    /// Features in one row.
    package static let features = 4_096
    /// Values in one sample (rows times features): 40 MB of floats.
    package static let sampleElements = 10_000_000
    /// Values in one column given to a univariate test.
    package static let columnValues = 1_000_000
    /// The largest sample for which the automatic Kolmogorov–Smirnov method tries the exact distribution.
    package static let exactSampleSize = 10_000
    /// The largest product of the sample sizes for which a detector computes the exact distribution for every feature.
    package static let exactLatticeCells = 250_000
    /// Rows of reference and current together in one kernel test: its packed kernel then takes 50 MB.
    package static let kernelRows = 5_000
    /// Permutations of one kernel test.
    package static let permutations = 10_000
    /// Bandwidths averaged in one kernel.
    package static let bandwidths = 16
}
