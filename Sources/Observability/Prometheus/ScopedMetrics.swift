package import CoreMetrics

/// A metrics back end in which the names of deployments have the name of their workspace before them.
package struct ScopedMetrics: MetricsFactory {
    private let base: any MetricsFactory
    private let scope: String

    /// Puts `scope` before the value of every label `deployment`.
    package init(_ base: any MetricsFactory, scope: String) {
        self.base = base
        self.scope = scope
    }

    private func scoped(_ dimensions: [(String, String)]) -> [(String, String)] {
        scope.isEmpty ? dimensions : dimensions.map { $0.0 == "deployment" ? ($0.0, scope + $0.1) : $0 }
    }

    package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
        base.makeCounter(label: label, dimensions: scoped(dimensions))
    }

    package func makeFloatingPointCounter(
        label: String,
        dimensions: [(String, String)]
    ) -> any FloatingPointCounterHandler {
        base.makeFloatingPointCounter(label: label, dimensions: scoped(dimensions))
    }

    package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
        base.makeMeter(label: label, dimensions: scoped(dimensions))
    }

    package func makeRecorder(
        label: String,
        dimensions: [(String, String)],
        aggregate: Bool
    ) -> any RecorderHandler {
        base.makeRecorder(label: label, dimensions: scoped(dimensions), aggregate: aggregate)
    }

    package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
        base.makeTimer(label: label, dimensions: scoped(dimensions))
    }

    package func destroyCounter(_ handler: any CounterHandler) { base.destroyCounter(handler) }

    package func destroyFloatingPointCounter(_ handler: any FloatingPointCounterHandler) {
        base.destroyFloatingPointCounter(handler)
    }

    package func destroyMeter(_ handler: any MeterHandler) { base.destroyMeter(handler) }

    package func destroyRecorder(_ handler: any RecorderHandler) { base.destroyRecorder(handler) }

    package func destroyTimer(_ handler: any TimerHandler) { base.destroyTimer(handler) }
}
