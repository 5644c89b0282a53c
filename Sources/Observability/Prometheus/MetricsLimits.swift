/// The named maxima of the metrics and the logs.
package enum MetricsLimits {
    /// Metric names of one process; further names are counted and dropped.
    package static let maximumFamilies = 1000
    /// Label sets of one name; further ones share the series `{overflow="true"}` and are counted.
    package static let maximumSeriesPerFamily = 500
    /// Labels of one series; further ones are dropped.
    package static let maximumLabels = 16
    /// Longest name of a metric or label, in bytes; the rest is cut.
    package static let maximumNameBytes = 200
    /// Longest value of a label, in bytes; the rest is cut.
    package static let maximumLabelValueBytes = 256
    /// Longest `Accept` header that is looked at, in bytes.
    package static let maximumAcceptBytes = 1024
    /// Sources that are asked at each scrape.
    package static let maximumCollectors = 100
}
