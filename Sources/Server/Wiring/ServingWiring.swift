import Core
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
        table: DeploymentTable,
        pool: ModelPool,
        _ settings: InferenceSettings
    ) {
        let figures = ServingMetrics(table: table, pool: pool, compatible: settings.compatibleMetrics)
        metrics.collect { figures.families() }
    }
}
