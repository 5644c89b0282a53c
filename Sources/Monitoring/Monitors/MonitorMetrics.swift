import Core
import Metrics
import Statistics

/// The metrics of one monitor.
///
/// `martlet_drift_score{deployment,monitor,feature,detector}` (statistic of the last evaluation; feature `all` for the kernel
/// test), `martlet_drift_detected{deployment,monitor}` (1 while drift is established) and
/// `martlet_drift_events_total{deployment,monitor}` (how often it was established).
struct MonitorMetrics {
    private let factory: any MetricsFactory
    private let dimensions: [(String, String)]
    private let detected: Gauge
    private let events: Counter
    private var scores: [String: Gauge] = [:]

    init(spec: MonitorSpec, factory: any MetricsFactory) {
        self.factory = factory
        dimensions = [("deployment", spec.deployment), ("monitor", spec.name)]
        detected = Gauge(label: "martlet_drift_detected", dimensions: dimensions, factory: factory)
        events = Counter(label: "martlet_drift_events_total", dimensions: dimensions, factory: factory)
        detected.record(0)
    }

    /// Records an evaluation's statistics.
    mutating func record(_ evaluation: MonitorEvaluation) {
        for detector in evaluation.detectors where detector.name == DetectorKind.maximumMeanDiscrepancy.rawValue {
            record(detector.statistic, feature: "all", detector: .maximumMeanDiscrepancy)
        }
        for feature in evaluation.features.prefix(MonitoringLimits.metricFeatures) {
            record(feature.statistic, feature: feature.name, detector: .kolmogorovSmirnov)
        }
    }

    /// Records a state; `transition` when it was entered just now.
    func record(_ state: MonitorStateMachine.State, transition: Bool) {
        detected.record(state == .drift ? 1 : 0)
        if transition, state == .drift { events.increment() }
    }

    /// Takes the series out of the registry: the monitor is gone.
    func destroy() {
        detected.destroy()
        events.destroy()
        for gauge in scores.values { gauge.destroy() }
    }

    private mutating func record(_ value: Double?, feature: String, detector: DetectorKind) {
        guard let value else { return }
        let key = "\(detector.rawValue)/\(feature)"
        let labels = dimensions + [("feature", feature), ("detector", detector.rawValue)]
        let gauge = scores[key] ?? Gauge(label: "martlet_drift_score", dimensions: labels, factory: factory)
        scores[key] = gauge
        gauge.record(value)
    }
}
