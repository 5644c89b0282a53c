import Core
import Drift
import Metrics

/// The metrics of one monitor.
///
/// `martlet_drift_score{deployment,monitor,feature,detector}` (statistic of the last evaluation; feature `all` for a detector of
/// all features), `martlet_drift_detected{deployment,monitor}` (1 while drift is established),
/// `martlet_drift_events_total{deployment,monitor}` (how often it was established),
/// `martlet_data_events_total{deployment,monitor,kind}` (what was found in the data itself) and
/// `martlet_feature_missing_ratio{deployment,monitor,feature}` (share of the window's values that are missing or infinite).
struct MonitorMetrics {
    private let factory: any MetricsFactory
    private let dimensions: [(String, String)]
    private let detected: Gauge
    private let events: Counter
    private var scores: [String: Gauge] = [:]
    private var missing: [String: Gauge] = [:]
    private var dataEvents: [String: Counter] = [:]

    init(spec: MonitorSpec, factory: any MetricsFactory) {
        self.factory = factory
        dimensions = [("deployment", spec.deployment), ("monitor", spec.name)]
        detected = Gauge(label: "martlet_drift_detected", dimensions: dimensions, factory: factory)
        events = Counter(label: "martlet_drift_events_total", dimensions: dimensions, factory: factory)
        detected.record(0)
    }

    /// Records an evaluation's statistics.
    mutating func record(_ evaluation: MonitorEvaluation) {
        for detector in evaluation.detectors {
            guard detector.tests.isEmpty else {
                for test in detector.tests.prefix(MonitoringLimits.metricFeatures) {
                    record(test.statistic ?? test.score, feature: test.name, detector: test.detector)
                }
                continue
            }
            record(detector.statistic, feature: detector.source ?? "all", detector: detector.name)
        }
        guard evaluation.windowRows > 0 else { return }
        for feature in evaluation.features.prefix(MonitoringLimits.metricFeatures) {
            let labels = dimensions + [("feature", feature.name)]
            let gauge =
                missing[feature.name]
                ?? Gauge(label: "martlet_feature_missing_ratio", dimensions: labels, factory: factory)
            missing[feature.name] = gauge
            gauge.record(feature.currentMissing)
        }
        for event in evaluation.events {
            let kind = event.kind.rawValue
            let labels = dimensions + [("kind", kind)]
            let counter =
                dataEvents[kind] ?? Counter(label: "martlet_data_events_total", dimensions: labels, factory: factory)
            dataEvents[kind] = counter
            counter.increment()
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
        for gauge in missing.values { gauge.destroy() }
        for counter in dataEvents.values { counter.destroy() }
    }

    private mutating func record(_ value: Double?, feature: String, detector: String) {
        guard let value, value.isFinite else { return }
        let key = "\(detector)/\(feature)"
        let labels = dimensions + [("feature", feature), ("detector", detector)]
        let gauge = scores[key] ?? Gauge(label: "martlet_drift_score", dimensions: labels, factory: factory)
        scores[key] = gauge
        gauge.record(value)
    }
}
