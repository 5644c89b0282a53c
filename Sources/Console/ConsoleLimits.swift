/// The named maxima of the console.
package enum ConsoleLimits {
    /// Points that one drawn curve keeps; longer series are thinned (see `Downsampling`).
    package static let curvePoints = 320
    /// Curves in one chart; the rest are left out and the legend says how many.
    package static let curvesPerChart = 8
    /// Tasks that the graph of a pipeline draws; larger graphs show the table alone.
    package static let graphNodes = 200
    /// Rows of a table of runs on one page.
    package static let runsPerPage = 100
    /// Rows of lists that have no pages: models, pipelines, loops, events.
    package static let listRows = 200
    /// Parameter or metric columns that a table of runs shows.
    package static let columnsPerKind = 12
    /// Charts of one run's metrics.
    package static let chartsPerRun = 24
    /// Features drawn by a drift page.
    package static let featureFigures = 120
    /// Bins of a drawn distribution.
    package static let histogramBins = 24
    /// Log lines that a page shows; the newest are kept.
    package static let logLines = 500
    /// Recent events on the overview and on a deployment.
    package static let recentEvents = 12
    /// Recent predictions on a deployment.
    package static let recentPredictions = 20
    /// Predictions on one page of the ledger.
    package static let predictionsPerPage = 50
    /// Columns of the inputs on the page of a prediction.
    package static let inputColumns = 500
    /// Replays on one page.
    package static let replaysPerPage = 50
    /// Events on one page of the stream.
    package static let eventsPerPage = 50
    /// Characters of a query string value that the console reads.
    package static let queryCharacters = 2_000
    /// Predictions of the ledger from which a page draws latency quantiles.
    package static let latencySamples = 600
    /// Versions on the page of a model.
    package static let modelVersions = 50
    /// Bytes of the file in which a version describes itself.
    package static let modelCardBytes = 1_024 * 1_024
    /// Labels that a window needs before a chart shows its accuracy.
    package static let labelsPerPoint = 5
    /// Records of the audit log on one page.
    package static let auditRecords = 50
    /// Records up to which the page Audit checks the chain itself.
    package static let chainRecords = 100_000
    /// Seconds that a verdict about the chain is shown without looking again.
    package static let chainSeconds = 60
    /// Pictures on the page of a run or version.
    package static let picturesPerRun = 12
    /// Bytes of an artifact that is sent as a preview picture.
    package static let pictureBytes = 8 * 1_024 * 1_024
}
