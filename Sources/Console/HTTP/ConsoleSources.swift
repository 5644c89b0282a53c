package import Core
package import Datasets
package import Loop
package import Monitoring
package import Pipelines
package import Registry
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
    let monitors: MonitorService
    let performance: PerformanceService?
    let loops: LoopService
    let clock: Clock

    /// Names every source.
    package init(
        tracking: TrackingStore,
        registry: RegistryStore,
        datasets: DatasetStore,
        pipelines: PipelineService,
        deployments: DeploymentController,
        deploymentStore: DeploymentStore,
        ledger: PredictionLedger,
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
        self.monitors = monitors
        self.performance = performance
        self.loops = loops
        self.clock = clock
    }
}
