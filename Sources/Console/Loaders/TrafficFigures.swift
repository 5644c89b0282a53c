import Core
import Rollouts
import Serving

/// The figures of a deployment's last minute, over all its versions.
struct TrafficFigures {
    /// Requests per second over the last ten whole seconds.
    let rate: Double
    /// Requests of each of the last sixty whole seconds, oldest first.
    let perSecond: [Double]
    /// Share of the last minute's requests that failed; nil without requests.
    let errorShare: Double?
    /// Requests since the versions were loaded.
    let requests: Int
    private let latency: LatencyHistogram?

    init(_ status: DeploymentStatus, now: Timestamp) {
        // The present second is not over: counting it would show a dip.
        let last = now.milliseconds / 1000 - 1
        var seconds = [Double](repeating: 0, count: 60)
        var errors = 0
        for version in status.versions {
            for entry in version.stats.history(since: last - 59) {
                guard let place = Int(exactly: entry.second - (last - 59)), seconds.indices.contains(place) else {
                    continue
                }
                seconds[place] += Double(entry.requests)
                errors += entry.errors
            }
        }
        perSecond = seconds
        rate = seconds.suffix(10).reduce(0, +) / 10
        let total = seconds.reduce(0, +)
        errorShare = total > 0 ? Double(errors) / total : nil
        requests = status.versions.reduce(0) { $0 + $1.stats.requests }
        latency = status.versions.max { $0.percent < $1.percent }?.stats.latency
    }

    /// A quantile of the latency of the version with most traffic, in seconds.
    func quantile(_ quantile: Double) -> Double? {
        latency?.quantile(quantile).map { Double($0) / 1e9 }
    }
}
