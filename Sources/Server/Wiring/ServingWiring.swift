import Access
import Core
import HTTPSupport
import Logging
import Monitoring
import Observability
import Rollouts
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

    /// What deployments tell others, and what others have measured for their rollouts.
    static func hooks(monitors: MonitorService, analysis: AnalysisWiring, logger: Logger) -> DeploymentHooks {
        var hooks = MonitorWiring.hooks(monitors: monitors, logger: logger)
        hooks.measurements = { question in await analysis.measurements(question) }
        return hooks
    }

    /// The models in memory, within what the workspace and the server allow.
    static func pool(_ settings: ServerSettings, quota: WorkspaceQuota, clock: Clock) -> ModelPool {
        ModelPool(budget: Steward.budget(quota.modelMemoryBytes, settings.inference.modelMemory), clock: clock)
    }

    /// What stands before the names of a workspace's deployments in metrics.
    static func scope(of workspace: String) -> String {
        workspace == Principal.defaultWorkspace ? "" : "\(workspace)/"
    }
}
