package import CoreMetrics
import Synchronization

/// Every metric of the process: the back end of swift-metrics and what `GET /metrics` shows.
///
/// A handler is made once per name and label set; increments then touch only that handler. What does not fit (too many
/// names or label sets, a name used for two kinds) still works for its caller and is counted in
/// `martlet_metrics_dropped_total{reason}`, so that a loss is visible.
package final class PrometheusRegistry: MetricsFactory {
    struct State {
        var families: [String: MetricFamily] = [:]
        var help: [String: String] = [:]
        var collectors: [@Sendable () -> [ObservedFamily]] = []
        var dropped: [Dropped: UInt64] = [:]
    }

    enum Dropped: String, CaseIterable {
        case families
        case series
        case kind
        case collectors
    }

    private let state = Mutex(State())

    /// An empty registry.
    package init() {}

    /// Says in one line what a metric means; `name` is the name as it is exposed.
    package func describe(_ name: String, _ help: String) {
        state.withLock { $0.help[MetricName.metric(name)] = help }
    }

    /// Adds a source of figures that is asked at each scrape; it must answer at once.
    package func collect(_ source: @escaping @Sendable () -> [ObservedFamily]) {
        state.withLock { state in
            guard state.collectors.count < MetricsLimits.maximumCollectors else {
                state.dropped[.collectors, default: 0] += 1
                return
            }
            state.collectors.append(source)
        }
    }

    /// Everything as text.
    package func render(_ format: ExpositionFormat = .text) -> [UInt8] {
        // Sources are asked outside the lock, so that they may use metrics themselves.
        let (families, help, collectors, dropped) = state.withLock {
            ($0.families, $0.help, $0.collectors, $0.dropped)
        }
        var exposition = Exposition(format: format, help: help)
        for (name, family) in families {
            exposition.add(name, family)
        }
        for collector in collectors {
            for family in collector() {
                exposition.add(family)
            }
        }
        exposition.add(
            .counter(
                "martlet_metrics_dropped",
                help: "Metrics that did not fit the registry's limits, by reason.",
                Dropped.allCases.map { .init(Double(dropped[$0] ?? 0), labels: [("reason", $0.rawValue)]) }
            )
        )
        return exposition.bytes()
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        make(MetricName.counter(label), .counter, dimensions, WholeCounter.init, { .whole($0) }) {
            if case .whole(let counter) = $0 { counter } else { nil }
        }
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        make(MetricName.counter(label), .counter, dimensions, FractionCounter.init, { .fraction($0) }) {
            if case .fraction(let counter) = $0 { counter } else { nil }
        }
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        makeGauge(label, dimensions)
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        guard aggregate else { return makeGauge(label, dimensions) }
        let name = MetricName.metric(label)
        return makeHistogram(name, dimensions, HistogramBounds.bounds(of: name))
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        makeHistogram(MetricName.timer(label), dimensions, HistogramBounds.seconds)
    }

    private func makeGauge(_ label: String, _ dimensions: [(String, String)]) -> Gauge {
        make(MetricName.metric(label), .gauge, dimensions, Gauge.init, { .gauge($0) }) {
            if case .gauge(let gauge) = $0 { gauge } else { nil }
        }
    }

    private func makeHistogram(_ name: String, _ dimensions: [(String, String)], _ bounds: [Double]) -> Histogram {
        make(name, .histogram, dimensions, { Histogram(bounds: bounds) }, { .histogram($0) }) {
            if case .histogram(let histogram) = $0 { histogram } else { nil }
        }
    }

    /// The handler of a series, made when it is new; one that is not exposed when there is no room for it.
    private func make<Handler: Sendable>(
        _ name: String,
        _ kind: MetricKind,
        _ dimensions: [(String, String)],
        _ create: () -> Handler,
        _ wrap: (Handler) -> MetricFamily.Series,
        _ unwrap: (MetricFamily.Series) -> Handler?
    ) -> Handler {
        let labels = LabelSet(dimensions)
        return state.withLock { state in
            if state.families[name] == nil {
                guard state.families.count < MetricsLimits.maximumFamilies else {
                    state.dropped[.families, default: 0] += 1
                    return create()
                }
                state.families[name] = MetricFamily(kind: kind)
            }
            guard state.families[name]?.kind == kind else {
                state.dropped[.kind, default: 0] += 1
                return create()
            }
            var place = labels
            if state.families[name]?.series[labels] == nil,
                (state.families[name]?.series.count ?? 0) >= MetricsLimits.maximumSeriesPerFamily
            {
                state.dropped[.series, default: 0] += 1
                place = .overflow
            }
            if let series = state.families[name]?.series[place] {
                guard let handler = unwrap(series) else {
                    state.dropped[.kind, default: 0] += 1
                    return create()
                }
                return handler
            }
            let handler = create()
            state.families[name]?.series[place] = wrap(handler)
            return handler
        }
    }

    package func destroyCounter(_ handler: any CounterHandler) { remove(handler) }
    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) { remove(handler) }
    package func destroyMeter(_ handler: any MeterHandler) { remove(handler) }
    package func destroyRecorder(_ handler: any RecorderHandler) { remove(handler) }
    package func destroyTimer(_ handler: any TimerHandler) { remove(handler) }

    private func remove(_ handler: AnyObject) {
        let identity = ObjectIdentifier(handler)
        state.withLock { state in
            for (name, family) in state.families {
                let found = family.series.first { ObjectIdentifier($0.value.handler) == identity }
                guard let found, found.key != .overflow else { continue }
                state.families[name]?.series[found.key] = nil
                if state.families[name]?.series.isEmpty == true { state.families[name] = nil }
                return
            }
        }
    }
}
