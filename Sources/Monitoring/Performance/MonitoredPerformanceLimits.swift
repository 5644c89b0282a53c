/// The largest sizes of performance in monitors; each is tested at the limit and one past it.
package enum MonitoredPerformanceLimits {
    /// Predictions of a deployment that one evaluation reads, the newest ones.
    package static let rows = 50_000
    /// Buckets kept per monitor; the oldest go first.
    package static let buckets = 1_000
    /// Versions per monitor of which references and summaries are kept; the oldest go first.
    package static let versions = 8
    /// Labelled rows that make a reference.
    package static let referenceRows = 5_000
    /// Values of features (rows times features) that a reference keeps; with more, it keeps none.
    package static let referenceElements = 200_000
    /// Columns by whose values performance is shown.
    package static let segmentColumns = 4
    /// Metrics that a monitor may judge.
    package static let metrics = 32
    /// Seconds in a bucket: 30 days.
    package static let bucketSeconds = 2_592_000
    /// Seconds that labels may be late: 90 days.
    package static let lateSeconds = 7_776_000
}
