import Metrics
import Synchronization

/// The metrics of one version, each series made when it is first needed, so that models nobody asks for have none.
final class RequestMetrics: Sendable {
    private struct Handles {
        var counters = [Counter?](repeating: nil, count: 2 * InferenceProtocol.allCases.count)
        var total = [Recorder?](repeating: nil, count: InferenceProtocol.allCases.count)
        var model: Recorder?
        var labels: (deployment: String, version: String)?
    }

    private let deployment: String
    private let version: String
    private let handles = Mutex(Handles())

    init(deployment: String, version: String) {
        self.deployment = deployment
        self.version = version
    }

    @inline(__always)
    func record(_ kind: InferenceProtocol, failed isFailure: Bool, modelSeconds: Double) {
        let index = 2 * kind.rawValue + (isFailure ? 1 : 0)
        let (counter, model) = handles.withLock { handles in
            if let counter = handles.counters[index], let model = handles.model { return (counter, model) }
            return make(&handles, kind, isFailure, index)
        }
        counter.increment()
        model.record(modelSeconds)
    }

    @inline(__always)
    func recordTotal(_ kind: InferenceProtocol, seconds: Double) {
        let recorder = handles.withLock { handles in
            if let recorder = handles.total[kind.rawValue] { return recorder }
            let labels = claim(&handles)
            let recorder = Recorder(
                label: "martlet_request_seconds",
                dimensions: [("deployment", labels.deployment), ("protocol", kind.label)],
                aggregate: true
            )
            handles.total[kind.rawValue] = recorder
            return recorder
        }
        recorder.record(seconds)
    }

    private func claim(_ handles: inout Handles) -> (deployment: String, version: String) {
        if let labels = handles.labels { return labels }
        let labels = MetricLabels.claim(deployment: deployment, version: version)
        handles.labels = labels
        return labels
    }

    private func make(
        _ handles: inout Handles,
        _ kind: InferenceProtocol,
        _ isFailure: Bool,
        _ index: Int
    ) -> (Counter, Recorder) {
        let labels = claim(&handles)
        let counter = Counter(
            label: "martlet_requests_total",
            dimensions: [
                ("deployment", labels.deployment), ("version", labels.version), ("protocol", kind.label),
                ("status", isFailure ? "error" : "ok"),
            ]
        )
        let model =
            handles.model
            ?? Recorder(
                label: "request_predict_seconds",
                dimensions: [("model_name", labels.deployment)],
                aggregate: true
            )
        handles.counters[index] = counter
        handles.model = model
        return (counter, model)
    }
}

/// The deployments and versions with series of their own: a bounded number of those that were asked first.
package enum MetricLabels {
    /// What stands for all others.
    package static let other = "other"

    private struct Pair: Hashable {
        let deployment: String
        let version: String
    }

    private static let claimed = Mutex<Set<Pair>>([])

    /// The labels to use for a version: its own, or `other` when there are too many.
    package static func claim(deployment: String, version: String) -> (deployment: String, version: String) {
        let pair = Pair(deployment: deployment, version: version)
        let isOwn = claimed.withLock { claimed in
            if claimed.contains(pair) { return true }
            guard claimed.count < ServingLimits.metricSeries else { return false }
            claimed.insert(pair)
            return true
        }
        return isOwn ? (deployment, version) : (other, other)
    }
}

/// Counters of requests that reached no model; their labels are bounded by the protocols and error codes.
enum RefusalMetrics {
    static func record(_ kind: InferenceProtocol, code: String) {
        Counter(
            label: "martlet_requests_refused_total",
            dimensions: [("protocol", kind.label), ("code", code)]
        ).increment()
    }
}
