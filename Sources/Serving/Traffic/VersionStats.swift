package import Rollouts

/// What one version did in one second.
package struct TrafficSecond: Sendable, Equatable {
    /// The second since 1970.
    package var second: Int64 = 0
    /// Answered requests, failures included.
    package var requests = 0
    /// Of those, failures.
    package var errors = 0
    /// Sum of the model's latencies in nanoseconds.
    package var nanoseconds: UInt64 = 0
}

/// Counters of one version since it was loaded, with the last minutes second by second.
package struct VersionStats: Sendable {
    /// Answered requests, failures included.
    package private(set) var requests = 0
    /// Requests that failed on the server's side.
    package private(set) var errors = 0
    /// Predicted rows.
    package private(set) var rows = 0
    /// Latencies of the model's own work, of requests that did not fail.
    package private(set) var latency = LatencyHistogram()
    /// Empty until the first request, as many versions never see one.
    private var seconds: [TrafficSecond] = []

    /// Makes empty counters.
    package init() {}

    /// Adds one request.
    package mutating func record(rows count: Int, nanoseconds: UInt64, failed: Bool, milliseconds now: Int64) {
        requests += 1
        rows += count
        if failed { errors += 1 } else { latency.record(nanoseconds) }
        if seconds.isEmpty {
            seconds = [TrafficSecond](repeating: TrafficSecond(), count: ServingLimits.historySeconds)
        }
        let second = max(0, now / 1000)
        let slot = Int(second % Int64(seconds.count))
        if seconds[slot].second != second { seconds[slot] = TrafficSecond(second: second) }
        seconds[slot].requests += 1
        seconds[slot].nanoseconds &+= nanoseconds
        if failed { seconds[slot].errors += 1 }
    }

    /// The seconds since `earliest` that had traffic, in order.
    package func history(since earliest: Int64) -> [TrafficSecond] {
        seconds.filter { $0.requests > 0 && $0.second >= earliest }.sorted { $0.second < $1.second }
    }
}
