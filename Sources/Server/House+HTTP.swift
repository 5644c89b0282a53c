import Access
import Artifacts
import Console
import Core
import Datasets
import Evaluations
import Events
import HTTPSupport
import HTTPTypes
import Hummingbird
import Ledger
import Lineage
import Loop
import Monitoring
import Pipelines
import Registry
import Secrets
import Serving
import Storage
import Studies
import Traces
import Tracking
import Webhooks

/// A house as requests meet it.
struct HouseFront: Sendable {
    /// Answers requests whose caller the gate has named.
    let respond: @Sendable (Request, AppRequestContext) async throws -> Response
    /// Every route.
    let entries: [RouteTable.Entry]
    /// Predictions on the connection's event loop.
    let plane: DataPlane
    /// Whether this server predicts at present.
    let isOpen: @Sendable () -> Bool
}

extension House {
    /// The routes of the house behind its gate.
    ///
    /// - Parameters:
    ///   - settings: the house's settings.
    ///   - server: what is not a workspace's own: accounts, the gate's wishes.
    /// - Returns: what answers the workspace's requests.
    /// - Throws: `internal` when a route is registered twice.
    func front(settings: ServerSettings, server: ServerRoutes) throws(MartletError) -> HouseFront {
        let router = Router(context: AppRequestContext.self)
        let methods = Late<MethodTable>()
        router.add(middleware: AliveMiddleware())
        let console = try ConsoleRoutes(
            sources: consoleSources(settings),
            access: server.console(self),
            version: ProductVersion.text
        )
        router.add(middleware: FallbackMiddleware(methods: methods, page: console.errorPage))
        let finder = ResourceWiring.finder(stores: stores, pipelines: pipelines)
        let routes = RouteTable(router: router, gate: server.gate(finder) {})
        let leaderRoutes = RouteTable(
            router: router,
            gate: server.gate(finder) { [leadership] in try LeaderOnly.check(leadership) }
        )
        register(in: routes)
        register(inLeader: leaderRoutes, settings: settings)
        console.register(in: routes)
        server.register(routes)
        ServerInfoRoutes(
            hasDirectTransfers: stores.artifacts.direct != nil,
            hasWorkspaces: server.hasWorkspaces
        ).register(in: routes)
        let described = Late<[RouteTable.Entry]>()
        OpenAPIRoutes(plane: dataPlane, version: ProductVersion.text) { described.value ?? [] }.register(in: routes)
        PermissionRoutes { described.value ?? [] }.register(in: routes)
        try routes.validate()
        try leaderRoutes.validate()
        let entries = routes.entries + leaderRoutes.entries
        methods.set(MethodTable(entries))
        described.set(entries)
        let responder = router.buildResponder()
        return HouseFront(
            respond: { request, context in try await responder.respond(to: request, context: context) },
            entries: entries,
            plane: dataPlane,
            isOpen: { [leadership] in leadership.isLeader }
        )
    }

    /// What every server on the database answers.
    private func register(in routes: RouteTable) {
        HealthRoutes(readiness: readiness, leadership: leadership).register(in: routes)
        AuditRoutes(log: audit).register(in: routes)
        MetricsRoutes(registry: metrics).register(in: routes)
        ExperimentRoutes(store: stores.tracking).register(in: routes)
        RunRoutes(store: stores.tracking).register(in: routes)
        MetricRoutes(store: stores.tracking).register(in: routes)
        LoggedModelRoutes(store: stores.tracking).register(in: routes)
        ArtifactRoutes(store: stores.tracking, versionRoot: RegistryWiring.versionRoot(stores.registry))
            .register(in: routes)
        TraceRoutes(store: stores.traces).register(in: routes)
        AssessmentRoutes(store: stores.traces).register(in: routes)
        OTLPRoutes(store: stores.traces).register(in: routes)
        UnimplementedRoutes().register(in: routes)
        ModelRoutes(store: stores.registry).register(in: routes)
        ModelVersionRoutes(store: stores.registry).register(in: routes)
        WebhookRoutes(store: stores.webhooks, service: webhooks).register(in: routes)
        EventRoutes(feed: feed).register(in: routes)
        ScorerRoutes(store: stores.evaluations).register(in: routes)
        EvaluationDatasetRoutes(store: stores.evaluations).register(in: routes)
        ModelVersionFileRoutes(stores: stores).register(in: routes)
        ModelCardRoutes(stores: stores).register(in: routes)
        ExplanationRoutes(stores: stores).register(in: routes)
        SigningRoutes(store: stores.registry).register(in: routes)
        DatasetRoutes(store: stores.datasets).register(in: routes)
        ScheduleRoutes(service: triggers).register(in: routes)
        StudyRoutes(store: stores.studies).register(in: routes)
        QualityRoutes(gate: QualityGate(datasets: stores.datasets)).register(in: routes)
        SecretRoutes(store: stores.secrets).register(in: routes)
        SandboxRoutes(policy: sandbox).register(in: routes)
    }

    /// What only the leader answers: it stands on the control loops and on what they keep in memory.
    private func register(inLeader routes: RouteTable, settings: ServerSettings) {
        ManifestRoutes(applier: ManifestApplier(house: self, settings: settings)).register(in: routes)
        CollectionRoutes(collector: CollectionWiring.collector(stores: stores, clock: clock)).register(in: routes)
        PipelineRoutes(service: pipelines).register(in: routes)
        PredictRoutes(plane: dataPlane).register(in: routes)
        V1Routes(plane: dataPlane).register(in: routes)
        V2Routes(plane: dataPlane, serverVersion: ProductVersion.text).register(in: routes)
        V2RepositoryRoutes(
            repository: ModelRepository(controller: deployments, table: table),
            reporter: dataPlane.reporter
        )
        .register(in: routes)
        InvocationRoutes(plane: dataPlane).register(in: routes)
        FeedbackRoutes(ledger: ledger).register(in: routes)
        LedgerRoutes(ledger: ledger).register(in: routes)
        DeploymentRoutes(controller: deployments, store: deploymentStore, ledger: ledger, clock: clock)
            .register(in: routes)
        MonitorRoutes(service: monitors).register(in: routes)
        PerformanceRoutes(service: performance).register(in: routes)
        LoopRoutes(service: loops).register(in: routes)
        analysis.register(in: routes)
        StepRoutes(steps: steps, directory: "\(settings.data)/cache", clock: clock).register(in: routes)
        LineageRoutes(service: LineageWiring.service(stores: stores, ledger: ledger, ledgerStore: ledgerStore))
            .register(in: routes)
    }

    private func consoleSources(_ settings: ServerSettings) -> ConsoleSources {
        ConsoleSources(
            tracking: stores.tracking,
            registry: stores.registry,
            datasets: stores.datasets,
            pipelines: pipelines,
            deployments: deployments,
            deploymentStore: deploymentStore,
            ledger: ledger,
            predictions: ledgerStore,
            replays: analysis.replays,
            events: stores.events,
            declarations: ConsoleWiring.declarations(ManifestApplier(house: self, settings: settings)),
            monitors: monitors,
            performance: performance,
            loops: loops,
            clock: clock
        )
    }
}
