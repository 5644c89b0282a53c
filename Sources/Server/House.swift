import Access
import Console
import Core
import Datasets
import Egress
import Events
import HTTPSupport
import Hummingbird
import Learning
import Ledger
import Logging
import Loop
import Metrics
import Monitoring
import NIOCore
import Observability
import Pipelines
import Registry
import ServiceLifecycle
import Serving
import Storage
import Tracking
import Webhooks

/// Every feature, built and joined: the composition root.
///
/// Features know nothing of each other; the closures that join them are in `Wiring/`.
struct House: Sendable {
    /// The workspace whose house it is.
    let workspace: String
    /// Where the server listens, once it does.
    let address: Late<String>
    /// Who did what.
    let audit: AuditLog
    let stores: Stores
    let metrics: PrometheusRegistry
    let readiness: Readiness
    let ledger: PredictionLedger
    let ledgerStore: LedgerStore
    let table: DeploymentTable
    let dataPlane: DataPlane
    let deployments: DeploymentController
    let deploymentStore: DeploymentStore
    let monitors: MonitorService
    let performance: PerformanceService
    /// What is measured for rollouts beside their requests, and replays.
    let analysis: AnalysisWiring
    let pipelines: PipelineService
    /// What starts pipelines by time, by event and by call.
    let triggers: TriggerService
    let loops: LoopService
    let webhooks: WebhookService
    /// Who reads the stream of events live.
    let feed: EventFeed
    let spans: SpanExporter?
    let steps: [BuiltinStep]
    let sandbox: SandboxPolicy
    /// The models in memory.
    var pool: ModelPool { deployments.pool }
    let clock: Clock
    let logger: Logger

    /// Opens what the settings name and starts every feature where it stood.
    static func build(
        settings: ServerSettings,
        workDirectory: String,
        single: SingleModel? = nil,
        quota: @escaping @Sendable () -> WorkspaceQuota = { WorkspaceQuota() },
        pass: @escaping @Sendable (_ task: String) -> TaskPass? = { _ in nil },
        address: Late<String> = Late(),
        clock: Clock,
        logger: Logger
    ) async throws -> House {
        let aliasChanged = Late<@Sendable () -> Void>()
        let webhookWaits = Late<@Sendable () -> Void>()
        let stores = try await Stores.open(
            settings: settings,
            quota: { quota().storageBytes },
            clock: clock,
            onAliasChange: { _ in aliasChanged.value?() },
            onRegistryEvent: { webhookWaits.value?() }
        )
        let models =
            single?.source
            ?? ModelWiring.source(registry: stores.registry, artifacts: stores.artifacts, logger: logger)
        let house = House(
            settings: settings,
            stores: stores,
            models: models,
            workDirectory: try SandboxWiring.workDirectory(settings, workDirectory),
            quota: quota,
            pass: pass,
            address: address,
            eventCommitted: { webhookWaits.value?() },
            clock: clock,
            logger: logger
        )
        await SecretWiring.report(stores.secrets, logger: logger)
        aliasChanged.set { house.deployments.nudge() }
        webhookWaits.set { house.webhooks.nudge() }
        if try await house.leadership.tryOnce() {
            try await house.takeUp()
        } else {
            logger.notice("Another server on this database leads; this one follows.")
        }
        if let single { try await house.deployments.apply([single.spec]) }
        return house
    }

    /// Who runs the control loops, of the servers on this database.
    var leadership: Leadership { stores.database.leadership }

    /// Loads what only the leader keeps in memory: monitors and deployments.
    private func takeUp() async throws {
        try await monitors.start()
        try await deployments.start()
    }

    /// Joins the features over their stores; nothing runs yet.
    private init(
        settings: ServerSettings,
        stores: Stores,
        models: ModelSource,
        workDirectory: String,
        quota: @escaping @Sendable () -> WorkspaceQuota,
        pass: @escaping @Sendable (_ task: String) -> TaskPass?,
        address: Late<String>,
        eventCommitted: @escaping @Sendable () -> Void,
        clock: Clock,
        logger: Logger
    ) {
        let loopService = Late<LoopService>()
        ledgerStore = LedgerStore(database: stores.database)
        (workspace, self.address) = (settings.workspace, address)
        audit = AuditLog(database: stores.database, name: settings.workspace, clock: clock)
        (self.stores, self.clock, self.logger) = (stores, clock, logger)
        (metrics, readiness) = (ProcessWideMetrics.registry, Readiness(conditions: []))
        table = DeploymentTable(scope: ServingWiring.scope(of: settings.workspace))
        let watching = Watching(
            stores: stores,
            ledgerStore: ledgerStore,
            table: table,
            metrics: ScopedMetrics(metrics, scope: ServingWiring.scope(of: settings.workspace)),
            loops: loopService,
            eventCommitted: eventCommitted,
            clock: clock
        )
        (ledger, monitors, performance) = (watching.ledger, watching.monitors, watching.performance)
        spans = EgressWiring.spans(settings, clock: clock)
        let deploying = Deploying(
            settings: settings,
            stores: stores,
            models: models,
            table: table,
            ledgerStore: ledgerStore,
            watching: watching,
            spans: spans,
            quota: quota(),
            clock: clock,
            logger: logger
        )
        (dataPlane, analysis) = (deploying.dataPlane, deploying.analysis)
        (deployments, deploymentStore) = (deploying.controller, deploying.store)
        webhooks = WebhookWiring.service(settings, store: stores.webhooks, clock: clock, logger: logger)
        feed = EventFeed(log: stores.events, clock: clock, logger: logger)
        steps = StepWiring.all(stores: stores, ledger: ledger, deployments: table)
        let configuration = PipelineWiring.configuration(
            settings,
            stores: stores,
            workDirectory: workDirectory,
            address: address.value,
            quota: quota,
            pass: pass
        )
        sandbox = configuration.sandbox
        pipelines = PipelineWiring.service(configuration, stores: stores, steps: steps, clock: clock, logger: logger)
        triggers = TriggerWiring.service(stores: stores, pipelines: pipelines, clock: clock, logger: logger)
        let wiring = LoopWiring(
            stores: stores,
            pipelines: pipelines,
            deployments: deployments,
            ledgerStore: ledgerStore,
            monitors: monitors,
            outbox: stores.outbox.loops,
            writeBack: GitWiring(settings: settings, secrets: stores.secrets, clock: clock, logger: logger).loops
        )
        loops = wiring.service(clock: clock, logger: logger)
        loopService.set(loops)
    }

    /// What runs beside the HTTP server, in the order of starting; the order of stopping is the reverse.
    var services: [any Service] {
        [
            BackgroundService { try await strive() },
            leading("ledger") { [ledger] in await ledger.run() },
            leading("monitors") { [monitors] in try await monitors.run() },
            leading("performance") { [performance] in try await performance.run() },
            leading("analysis") { [analysis] in await analysis.run() },
            leading("deployments") { [deployments] in await deployments.run() },
            leading("pipelines") { [pipelines] in try await pipelines.run() },
            leading("triggers") { [triggers] in try await triggers.run() },
            leading("studies") { [stores, clock, logger] in
                try await StudyWiring.run(stores, clock: clock, logger: logger)
            },
            leading("loops") { [loops] in await loops.run() },
            BackgroundService { [webhooks] in await webhooks.run() },
            BackgroundService { [feed] in await feed.run() },
        ] + (spans.map { exporter in [BackgroundService { await exporter.run() }] } ?? [])
    }

    /// A loop that runs once for all servers on the database: it waits until this server leads.
    ///
    /// What it changes is recorded as its own doing. The ledger and the measurements of monitors are records themselves.
    private func leading(_ name: String, _ body: @escaping @Sendable () async throws -> Void) -> BackgroundService {
        BackgroundService { [leadership, workspace] in
            do { try await leadership.leading() } catch is CancellationError { return }
            let isRecord = ["ledger", "monitors", "performance", "analysis"].contains(name)
            let context = ChangeContext(actor: "system:\(name)", workspace: workspace, action: name)
            try await ChangeContext.$current.withValue(isRecord ? nil : context) { try await body() }
        }
    }

    private func strive() async throws {
        do {
            try await leadership.run(clock: clock) {
                logger.notice("This server leads now: it runs deployments, pipelines, monitors and loops.")
                try await takeUp()
            }
        } catch is CancellationError {}
    }

    /// Closes what `build` opened, after the services have stopped.
    func close() async {
        do {
            try await stores.database.close()
        } catch {
            logger.error("The database was not closed properly.", metadata: ["error": "\(error)"])
        }
    }
}

/// A loop that runs until the server stops, and then finishes what it has begun.
struct BackgroundService: Service {
    let body: @Sendable () async throws -> Void

    init(_ body: @escaping @Sendable () async throws -> Void) {
        self.body = body
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown { try await body() }
    }
}

/// The metrics backend: one for the process, because swift-metrics has one.
enum ProcessWideMetrics {
    static let registry: PrometheusRegistry = {
        let registry = PrometheusRegistry()
        registry.collect { ProcessMetrics.families() }
        MetricsSystem.bootstrap(registry)
        return registry
    }()
}
