/// What metrics show of one version in service, or of all those without series of their own together.
package struct ServingFigures: Sendable {
    /// The deployment, or `other`.
    package let deployment: String
    /// The version in digits, or `other`.
    package let version: String
    /// Calls that wait.
    package private(set) var waiting = 0
    /// Calls that run.
    package private(set) var running = 0
    /// Bytes in memory.
    package private(set) var bytes = 0
    /// What became of requests.
    package private(set) var counters = InferenceCounters()

    /// The versions that were asked or are in memory, by name; at most `ServingLimits.metricSeries` and `other`.
    package static func all(_ table: DeploymentTable) -> [ServingFigures] {
        var figures: [String: ServingFigures] = [:]
        for deployment in table.all {
            for served in deployment.routing?.versions ?? [] {
                let (inference, bytes) = (served.inference, served.slot.bytes)
                guard inference.success.count + inference.failure.count > 0 || bytes > 0 else { continue }
                let labels = MetricLabels.claim(
                    deployment: table.scope + deployment.name,
                    version: served.versionText
                )
                let key = "\(labels.deployment)\u{0}\(labels.version)"
                let known = figures[key]
                var sum = known ?? ServingFigures(deployment: labels.deployment, version: labels.version)
                let load = served.resident?.executor.load
                sum.waiting += load?.waiting ?? 0
                sum.running += load?.running ?? 0
                sum.bytes += bytes
                sum.counters.add(inference)
                figures[key] = sum
            }
        }
        return figures.values.sorted { ($0.deployment, $0.version) < ($1.deployment, $1.version) }
    }

    private init(deployment: String, version: String) {
        self.deployment = deployment
        self.version = version
    }
}
