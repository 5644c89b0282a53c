/// The largest sizes that monitoring accepts; each is tested at the limit and one past it.
package enum MonitoringLimits {
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

    /// Monitors that one service holds.
    package static let monitors = 256
    /// Bytes in the name of a monitor.
    package static let nameBytes = 128
    /// Rows in a sliding window; with the reference it stays within `kernelRows`.
    package static let windowRows = 3_000
    /// Values in a sliding window (rows times features): 4 MB, copied once per evaluation.
    package static let windowElements = 1_000_000
    /// Rows of a reference that are kept; a longer one is thinned evenly.
    package static let referenceRows = 2_000
    /// Consecutive evaluations that a monitor may ask for before it changes its verdict.
    package static let hysteresis = 100
    /// Seconds between evaluations.
    package static let intervalSeconds = 86_400
    /// The shortest pause between two passes of the evaluation loop, in milliseconds.
    package static let shortestPauseMilliseconds = 100
    /// The longest pause between two passes of the evaluation loop, in milliseconds; a new monitor waits at most this.
    package static let longestPauseMilliseconds = 1_000
    /// Bins of a histogram.
    package static let histogramBins = 20
    /// Events kept per monitor; the oldest go first, delivered or not.
    package static let eventsPerMonitor = 1_000
    /// Events that are read at once to be delivered.
    package static let deliveryBatch = 100
    /// Evaluation summaries kept per monitor.
    package static let evaluationsPerMonitor = 500
    /// Features whose tests are stored with an evaluation; the ones with the smallest p-values are.
    package static let storedFeatures = 256
    /// Features for which a metric is emitted per deployment and detector, in the reference's order.
    package static let metricFeatures = 128
}
