import Core
import HTTPSupport
import Observability
import Serving

/// Serving reports what it does: spans, log lines and figures.
enum ServingWiring {
    /// What says what became of requests.
    static func reporter(_ settings: InferenceSettings, sink: SpanExporter?, clock: Clock) -> RequestReporter {
        RequestReporter(
            sink: sink,
            tracedShare: settings.tracedShare,
            loggedShare: settings.loggedShare,
            clock: clock
        )
    }

    /// Has the figures of models read at every scrape.
    static func collect(
        into metrics: PrometheusRegistry,
        _ settings: InferenceSettings,
        sources: @escaping @Sendable () -> [ServingMetrics.Source]
    ) {
        let figures = ServingMetrics(sources: sources, compatible: settings.compatibleMetrics)
        metrics.collect { figures.families() }
    }

    /// What stands before the names of a workspace's deployments in metrics.
    static func scope(of workspace: String) -> String {
        workspace == Principal.defaultWorkspace ? "" : "\(workspace)/"
    }
}
