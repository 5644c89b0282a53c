/// The fixed buckets of histograms.
package enum HistogramBounds {
    /// Seconds: OpenTelemetry's buckets for HTTP servers, with finer ones below, where a tree model answers.
    package static let seconds: [Double] = [
        0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.075, 0.1,
        0.25, 0.5, 0.75,
        1, 2.5, 5, 7.5, 10, 30, 60, 300,
    ]
    /// Sizes and counts without a unit: 1-2-5 steps to a million.
    package static let values: [Double] = [
        1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000, 500_000,
        1_000_000,
    ]

    /// The buckets that suit a name: those of seconds when it ends in `_seconds`, which Prometheus asks of durations.
    package static func bounds(of name: String) -> [Double] {
        name.hasSuffix("_seconds") ? seconds : values
    }
}
