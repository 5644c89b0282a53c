import Core
import Metrics
import Performance

/// The gauges of one monitor: `martlet_performance{deployment,version,metric,kind}`, of the newest judged bucket of the
/// newest versions.
struct PerformanceMetrics {
    private struct Key: Hashable {
        let version: Int
        let metric: String
        let kind: PerformanceAlert.Kind
    }

    private let deployment: String
    private let factory: any MetricsFactory
    private var gauges: [Key: Gauge] = [:]

    /// The metrics that are reported, so that a deployment has a bounded number of series.
    private static let names: Set<String> = [
        "accuracy", "precision", "recall", "f1", "roc_auc", "log_loss", "brier", "ece", "mae", "rmse", "mape", "r2",
        "mean_error",
    ]

    init(deployment: String, factory: any MetricsFactory) {
        self.deployment = deployment
        self.factory = factory
    }

    /// Shows what the newest judged buckets say and takes away what is no longer said.
    mutating func record(_ buckets: [PerformanceBucket]) {
        var current: [Key: Double] = [:]
        for bucket in buckets {
            if bucket.isJudged.realised {
                for metric in bucket.realised where Self.names.contains(metric.name) {
                    current[Key(version: bucket.version, metric: metric.name, kind: .realised)] = metric.value
                }
            }
            if bucket.isJudged.estimated {
                for metric in bucket.estimated where Self.names.contains(metric.metric) {
                    current[Key(version: bucket.version, metric: metric.metric, kind: .estimated)] = metric.value
                }
            }
        }
        for (key, gauge) in gauges where current[key] == nil {
            gauge.destroy()
            gauges[key] = nil
        }
        for (key, value) in current {
            let labels = [
                ("deployment", deployment), ("version", String(key.version)), ("metric", key.metric),
                ("kind", key.kind.rawValue),
            ]
            let gauge = gauges[key] ?? Gauge(label: "martlet_performance", dimensions: labels, factory: factory)
            gauges[key] = gauge
            gauge.record(value)
        }
    }

    /// Takes the series out of the registry: the monitor is gone.
    func destroy() {
        for gauge in gauges.values { gauge.destroy() }
    }
}
