import Access
import Artifacts
import Console
import Core
import Datasets
import Evaluations
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Loop
import Monitoring
import NIOCore
import Pipelines
import Registry
import Serving
import Storage
import Traces
import Tracking
import Webhooks

extension House {
    /// The HTTP application with every route, guarded; `onListening` hears the address once requests are accepted.
    func application(
        settings: ServerSettings,
        onListening: @escaping @Sendable (String) -> Void
    ) throws(MartletError) -> any ApplicationProtocol {
        let router = Router(context: AppRequestContext.self)
        let methods = Late<MethodTable>()
        let browserGuard = BrowserGuard(allowing: settings.allowedHosts)
        router.add(middleware: browserGuard)
        router.add(middleware: AliveMiddleware())
        let console = try ConsoleRoutes(sources: consoleSources, version: ProductVersion.text)
        router.add(middleware: FallbackMiddleware(methods: methods, page: console.errorPage))
        let routes = RouteTable(router: router, authorize: LoopbackAccess.authorizer)
        let leaderRoutes = RouteTable(router: router, authorize: LeaderOnly.authorizer(leadership))
        register(in: routes)
        register(inLeader: leaderRoutes, settings: settings)
        console.register(in: routes)
        let described = Late<[RouteTable.Entry]>()
        OpenAPIRoutes(plane: dataPlane, version: ProductVersion.text) { described.value ?? [] }.register(in: routes)
        try routes.validate()
        try leaderRoutes.validate()
        methods.set(MethodTable(routes.entries + leaderRoutes.entries))
        described.set(routes.entries + leaderRoutes.entries)
        let configuration = ApplicationConfiguration(
            address: .hostname(settings.host, port: settings.port),
            serverName: nil,
            availableConnectionsDelegate: MaximumAvailableConnections(LaneLimits.connections)
        )
        return Application(
            router: router,
            server: LaneChannel.builder(lane(browserGuard)),
            configuration: configuration,
            onServerRunning: { [address] channel in
                let port = channel.localAddress?.port ?? settings.port
                let name = settings.host.contains(":") ? "[\(settings.host)]" : settings.host
                let listening = "http://\(name):\(port)"
                address.set(listening)
                onListening(listening)
            },
            logger: logger
        )
    }

    /// Predictions without the router, under the same rules: the hosts of `browserGuard`, and the leader alone.
    ///
    /// Requests of browsers, with credentials or to be reported go to the router.
    private func lane(_ browserGuard: BrowserGuard) -> ServingLane {
        ServingLane(
            plane: dataPlane,
            isOpen: { [leadership] in leadership.isLeader },
            servesHost: { host in
                let head = HTTPRequest(method: .post, scheme: "http", authority: host, path: "/")
                return browserGuard.refusal(of: head) == nil
            }
        )
    }

    /// What every server on the database answers.
    private func register(in routes: RouteTable) {
        HealthRoutes(readiness: readiness, leadership: leadership).register(in: routes)
        MetricsRoutes(registry: metrics).register(in: routes)
        ExperimentRoutes(store: stores.tracking).register(in: routes)
        RunRoutes(store: stores.tracking).register(in: routes)
        MetricRoutes(store: stores.tracking).register(in: routes)
        LoggedModelRoutes(store: stores.tracking).register(in: routes)
        ArtifactRoutes(store: stores.tracking, versionRoot: RegistryWiring.versionRoot(stores.registry))
            .register(in: routes)
        ServerInfoRoutes(hasDirectTransfers: stores.artifacts.direct != nil).register(in: routes)
        TraceRoutes(store: stores.traces).register(in: routes)
        AssessmentRoutes(store: stores.traces).register(in: routes)
        OTLPRoutes(store: stores.traces).register(in: routes)
        UnimplementedRoutes().register(in: routes)
        ModelRoutes(store: stores.registry).register(in: routes)
        ModelVersionRoutes(store: stores.registry).register(in: routes)
        WebhookRoutes(store: stores.webhooks, service: webhooks).register(in: routes)
        ScorerRoutes(store: stores.evaluations).register(in: routes)
        EvaluationDatasetRoutes(store: stores.evaluations).register(in: routes)
        ModelVersionFileRoutes(stores: stores).register(in: routes)
        DatasetRoutes(store: stores.datasets).register(in: routes)
    }

    /// What only the leader answers: it stands on the control loops and on what they keep in memory.
    private func register(inLeader routes: RouteTable, settings: ServerSettings) {
        ManifestRoutes(applier: applier(settings)).register(in: routes)
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
        DeploymentRoutes(controller: deployments, store: deploymentStore, ledger: ledger, clock: clock)
            .register(in: routes)
        MonitorRoutes(service: monitors).register(in: routes)
        LoopRoutes(service: loops).register(in: routes)
    }

    private var consoleSources: ConsoleSources {
        ConsoleSources(
            tracking: stores.tracking,
            registry: stores.registry,
            datasets: stores.datasets,
            pipelines: pipelines,
            deployments: deployments,
            deploymentStore: deploymentStore,
            ledger: ledger,
            monitors: monitors,
            loops: loops,
            clock: clock
        )
    }

    private func applier(_ settings: ServerSettings) -> ManifestApplier {
        ManifestApplier(
            files: settings.files,
            steps: steps,
            datasets: stores.datasets,
            pipelines: pipelines,
            deployments: deployments,
            monitors: monitors,
            loops: loops
        )
    }
}
