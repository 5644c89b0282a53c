package import Core
package import Datasets
package import Events
package import Ledger
package import Loop
package import Monitoring
package import Pipelines
package import Registry
package import Replay
package import Serving
package import Tracking

/// The features that the console shows; it only reads them, but for the buttons, which call the same operations as the API.
package struct ConsoleSources: Sendable {
    let tracking: TrackingStore
    let registry: RegistryStore
    let datasets: DatasetStore
    let pipelines: PipelineService
    let deployments: DeploymentController
    let deploymentStore: DeploymentStore
    let ledger: PredictionLedger
    let predictions: LedgerStore?
    let replays: ReplayService?
    let events: EventLog?
    let declarations: ConsoleDeclarations?
    let monitors: MonitorService
    let performance: PerformanceService?
    let loops: LoopService
    let clock: Clock

    /// Names every source.
    ///
    /// - Parameters:
    ///   - tracking: experiments and runs.
    ///   - registry: models and versions.
    ///   - datasets: data.
    ///   - pipelines: pipelines and their runs.
    ///   - deployments: what serves.
    ///   - deploymentStore: the history of what served.
    ///   - ledger: what waits to be written to the ledger.
    ///   - predictions: what the ledger holds; nil leaves its pages without rows.
    ///   - replays: candidates asked again; nil where there are none.
    ///   - events: the stream of what happened; nil where there is none.
    ///   - declarations: how deployments are declared; nil where they cannot be declared here.
    ///   - monitors: what watches.
    ///   - performance: how good predictions are.
    ///   - loops: loops and triggers.
    ///   - clock: the clock.
    package init(
        tracking: TrackingStore,
        registry: RegistryStore,
        datasets: DatasetStore,
        pipelines: PipelineService,
        deployments: DeploymentController,
        deploymentStore: DeploymentStore,
        ledger: PredictionLedger,
        predictions: LedgerStore? = nil,
        replays: ReplayService? = nil,
        events: EventLog? = nil,
        declarations: ConsoleDeclarations? = nil,
        monitors: MonitorService,
        performance: PerformanceService? = nil,
        loops: LoopService,
        clock: Clock
    ) {
        self.tracking = tracking
        self.registry = registry
        self.datasets = datasets
        self.pipelines = pipelines
        self.deployments = deployments
        self.deploymentStore = deploymentStore
        self.ledger = ledger
        self.predictions = predictions
        self.replays = replays
        self.events = events
        self.declarations = declarations
        self.monitors = monitors
        self.performance = performance
        self.loops = loops
        self.clock = clock
    }
}
