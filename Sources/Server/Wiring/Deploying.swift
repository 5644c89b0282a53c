import Access
import Core
import Egress
import Ledger
import Logging
import Observability
import Serving

/// What serves: the data plane, the controller of deployments, and what is measured for rollouts beside their requests.
struct Deploying {
    let dataPlane: DataPlane
    let analysis: AnalysisWiring
    let controller: DeploymentController
    let store: DeploymentStore

    /// Joins them; nothing runs yet.
    ///
    /// - Parameters:
    ///   - settings: the house's settings.
    ///   - stores: where all is kept.
    ///   - models: where versions come from.
    ///   - table: the deployments as requests see them.
    ///   - ledgerStore: where predictions are kept.
    ///   - watching: who watches predictions.
    ///   - spans: where spans go.
    ///   - quota: what the workspace may use.
    ///   - clock: the time.
    ///   - logger: where failures are told.
    init(
        settings: ServerSettings,
        stores: Stores,
        models: ModelSource,
        table: DeploymentTable,
        ledgerStore: LedgerStore,
        watching: Watching,
        spans: SpanExporter?,
        quota: WorkspaceQuota,
        clock: Clock,
        logger: Logger
    ) {
        dataPlane = DataPlane(
            deployments: table,
            ledger: watching.ledger,
            observer: watching.observer,
            reporter: ServingWiring.reporter(settings.inference, sink: spans, clock: clock),
            clock: clock
        )
        analysis = AnalysisWiring(
            database: stores.database,
            ledger: watching.ledger,
            ledgerStore: ledgerStore,
            table: table,
            models: models,
            monitors: watching.monitors,
            secrets: stores.secrets,
            egress: EgressClient(policy: settings.egress.policy),
            runtimes: settings.runtime,
            clock: clock
        )
        store = DeploymentStore(database: stores.database, outbox: stores.outbox.deployments)
        controller = DeploymentController(
            store: store,
            source: models,
            table: table,
            ledger: watching.ledger,
            observer: watching.observer,
            clock: clock,
            hooks: ServingWiring.hooks(monitors: watching.monitors, analysis: analysis, logger: logger),
            pool: ServingWiring.pool(settings, quota: quota, clock: clock),
            runtimes: settings.runtime
        )
    }
}
