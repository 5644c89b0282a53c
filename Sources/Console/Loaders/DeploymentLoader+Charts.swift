import Core
import Ledger
import Serving

extension DeploymentLoader {
    /// Traffic by version, latency quantiles from the ledger, and accuracy by version where labels came.
    static func charts(
        _ status: DeploymentStatus,
        _ records: [LedgerRecord],
        _ quality: [QualityWindow],
        now: Timestamp
    ) -> [(title: String, note: String, chart: LineChart)] {
        [
            ("Requests per second", "by version", traffic(status, now: now)),
            ("Latency", "of the newest \(NumberText.count(records.count)) predictions", latency(records, now: now)),
            ("Accuracy", "by version, where labels came", accuracy(quality, now: now)),
        ]
    }

    private static func traffic(_ status: DeploymentStatus, now: Timestamp) -> LineChart {
        let last = now.milliseconds / 1000 - 1
        let first = last - history.wholeMilliseconds / 1000
        let curves = status.versions.sorted { $0.version < $1.version }.compactMap { version -> LineChart.Curve? in
            let seconds = version.stats.history(since: first)
            guard let begin = seconds.first?.second else { return nil }
            var counts: [Int64: Int] = [:]
            for entry in seconds { counts[entry.second] = entry.requests }
            let points = (begin...max(begin, last)).map { second in
                (x: Double(second) * 1000, y: Double(counts[second] ?? 0))
            }
            return .init(
                "version \(version.version)",
                smoothed(points),
                color: color(of: version.version),
                filled: true
            )
        }
        return LineChart(
            label: "Requests per second by version",
            curves: curves,
            axis: .time(now: now),
            format: .rate,
            fromZero: true
        )
    }

    /// The mean of each second and the four before it, so that the eye sees the rate and not the arrival of single requests.
    private static func smoothed(_ points: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
        var sum = 0.0
        return points.enumerated().map { index, point in
            sum += point.y
            if index >= 5 { sum -= points[index - 5].y }
            return (point.x, sum / Double(min(index + 1, 5)))
        }
    }

    private static func latency(_ records: [LedgerRecord], now: Timestamp) -> LineChart {
        let since = now - history
        let recent = records.filter { $0.createdAt >= since }
        guard let newest = recent.first?.createdAt, let oldest = recent.last?.createdAt, newest > oldest else {
            return LineChart(label: "Latency quantiles", curves: [], axis: .time(now: now))
        }
        let width = max(1000, (newest - oldest).wholeMilliseconds / 30)
        var buckets: [Int64: [Double]] = [:]
        for record in recent {
            buckets[record.createdAt.milliseconds / width, default: []].append(Double(record.microseconds) / 1e6)
        }
        let ordered = buckets.sorted { $0.key < $1.key }.map { (x: Double($0.key * width), values: $0.value.sorted()) }
        func curve(_ name: String, _ quantile: Double, _ color: Int) -> LineChart.Curve {
            let points = ordered.map { bucket in
                let rank = Int((Double(bucket.values.count) * quantile).rounded(.up)) - 1
                return (x: bucket.x, y: bucket.values[min(max(rank, 0), bucket.values.count - 1)])
            }
            return .init(name, points, color: color)
        }
        return LineChart(
            label: "Latency quantiles",
            curves: [curve("p50", 0.5, 1), curve("p95", 0.95, 2), curve("p99", 0.99, 5)],
            axis: .time(now: now),
            format: .latency,
            fromZero: true
        )
    }

    private static func accuracy(_ quality: [QualityWindow], now: Timestamp) -> LineChart {
        var points: [Int: [(x: Double, y: Double)]] = [:]
        for window in quality where window.labelled >= ConsoleLimits.labelsPerPoint {
            points[window.version, default: []].append((Double(window.start.milliseconds), window.accuracy))
        }
        let curves = points.sorted { $0.key < $1.key }.map { version, points in
            LineChart.Curve("version \(version)", points, color: color(of: version))
        }
        return LineChart(label: "Accuracy by version", curves: curves, axis: .time(now: now), format: .percent)
    }
}
