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
    /// Rows or more that a window may span; of more than `windowRows` it keeps a sample.
    package static let spannedRows = 10_000_000
    /// Seconds that a window may span.
    package static let windowSeconds = 2_592_000
    /// Panes of a window that keeps a sample; the oldest leaves as a whole.
    package static let windowPanes = 8
    /// Versions whose order of inputs a window remembers.
    package static let windowVersions = 16
    /// Cells of text columns in a window, which bounds its texts to 16 MB.
    package static let windowTexts = 16_384
    /// Different texts that a window keeps before it forgets those that no row has any more.
    package static let pooledTexts = 32_768
    /// Bytes of a text that are kept; a longer one is cut.
    package static let textBytes = 1_024
    /// Values that wait for a sequential detector; the oldest are overwritten and counted.
    package static let streamValues = 4_096
    /// Powers of two that a quantile sketch tells apart.
    package static let quantilePages = 64
    /// Texts that a sketch counts one by one.
    package static let frequentTexts = 128
    /// Frequent texts of a column that the API shows.
    package static let shownTexts = 20
    /// Detectors of one monitor.
    package static let detectors = 16
    /// Data events that an evaluation keeps.
    package static let eventsPerEvaluation = 256
    /// Seconds between two savings of sketches and windows.
    package static let savingSeconds = 30
    /// Seconds after which a sketch is closed, kept as a profile and begun anew.
    package static let profileSeconds = 3_600
    /// Bytes of a window that are saved; of a larger one the ledger has to do.
    package static let savedWindowBytes = 8_388_608
    /// Snapshots kept per monitor; the oldest go first.
    package static let snapshotsPerMonitor = 200
    /// Seconds between two snapshots of a monitor whose verdict does not change.
    package static let snapshotSeconds = 3_600
    /// Columns of a version that have sketches, in the model's order.
    package static let sketchColumns = 512
    /// Versions of a deployment that have sketches; the one that answered longest ago goes first.
    package static let sketchVersions = 8
}
