/// The largest sizes that monitoring accepts; each is tested at the limit and one past it.
package enum MonitoringLimits {
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
