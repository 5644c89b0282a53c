import Histogram

/// What a benchmark measured.
package struct LoadResult: Sendable {
    /// Latencies of answered requests, in nanoseconds; in an open loop from the time a request was due.
    var latencies = Histogram<UInt64>(highestTrackableValue: 3_600_000_000_000, numberOfSignificantValueDigits: .three)
    /// Sum of the latencies, in nanoseconds.
    var nanoseconds: UInt64 = 0
    /// Answered requests.
    var answered: UInt64 = 0
    /// Failed requests by their class, such as `HTTP 503`, `gRPC 14`, `connect`, `closed` or `timeout`.
    package var failures: [String: UInt64] = [:]
    /// Requests of an open loop that were due but never sent.
    package var unsent: UInt64 = 0
    /// Seconds that were measured.
    package var seconds = 0.0

    /// Nothing yet.
    package init() {}

    /// All failed requests.
    var failed: UInt64 { failures.values.reduce(0, +) }

    /// Adds an answered request.
    package mutating func answered(after latency: UInt64) {
        latencies.record(min(latency, 3_600_000_000_000))
        nanoseconds += latency
        answered += 1
    }

    /// A percentile of the latencies, in microseconds.
    func percentile(_ percent: Double) -> Double {
        answered == 0 ? 0 : Double(latencies.valueAtPercentile(percent)) / 1000
    }

    /// The mean latency, in microseconds.
    var mean: Double { answered == 0 ? 0 : Double(nanoseconds) / Double(answered) / 1000 }

    /// The standard deviation of the latencies, in microseconds.
    var deviation: Double { answered == 0 ? 0 : latencies.stdDeviation / 1000 }
}
