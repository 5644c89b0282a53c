import Core
import Egress
import HTTPSupport
import Ledger
import Monitoring
import Replay
import Rollouts
import Runtimes
import Secrets
import Serving
import Storage

/// What is measured for rollouts beside their requests, and replays: one thing to build, run and ask.
struct AnalysisWiring: Sendable {
    /// Candidates asked again what the ledger has.
    let replays: ReplayService
    /// What rollouts are told.
    let service: AnalysisService

    /// The tables, for the schema of a house.
    static let migrations: [Migration] = ReplayStore.migrations + AnalysisStore.migrations

    /// Joins both to the house's features.
    ///
    /// - Parameters:
    ///   - database: where counts and replays are kept.
    ///   - ledger: the predictions that wait to be written.
    ///   - ledgerStore: those that are written.
    ///   - table: the deployments.
    ///   - models: the registry's versions.
    ///   - monitors: the monitors.
    ///   - secrets: where headers and signatures have their texts from.
    ///   - egress: the server's way out.
    ///   - runtimes: how candidates of replays are run.
    ///   - clock: the time.
    init(
        database: Database,
        ledger: PredictionLedger,
        ledgerStore: LedgerStore,
        table: DeploymentTable,
        models: ModelSource,
        monitors: MonitorService,
        secrets: SecretStore,
        egress: EgressClient,
        runtimes: RuntimeSettings,
        clock: Clock
    ) {
        let sources = ReplayWiring.sources(
            ledger: ledger,
            store: ledgerStore,
            table: table,
            models: models,
            runtimes: runtimes
        )
        let replays = ReplayService(database: database, sources: sources, clock: clock)
        self.replays = replays
        let headers = ExternalHeaders { try await secrets.values(of: $0) }
        let prometheus = PrometheusProbe(egress: egress, headers: headers)
        let webhook = WebhookProbe(egress: egress, headers: headers, clock: clock)
        let keeper = ReplayKeeper(replays: replays, model: { try await sources.serving($0).model }, clock: clock)
        let columns = LedgerColumns(store: ledgerStore)
        let loaded = Self.loaded(table)
        let drift = DriftMeasure(monitors: monitors, store: ledgerStore, columns: columns, candidate: loaded)
        let estimate = EstimateMeasure(store: ledgerStore, columns: columns, load: loaded)
        service = AnalysisService(database: database, clock: clock) { kind, question, memory in
            switch kind {
            case .drift: try await drift.measure(question, memory)
            case .estimate(let check): (try await estimate.measure(check, question), memory)
            case .replay(let gate): (try await keeper.measure(gate, question), memory)
            case .prometheus(let check): (try await prometheus.measure(check, question), memory)
            case .webhook(let check): (try await webhook.measure(check, question), memory)
            }
        }
    }

    /// A version that a deployment has at hand.
    private static func loaded(
        _ table: DeploymentTable
    ) -> @Sendable (_ deployment: String, _ version: Int) async throws -> LoadedModel? {
        { deployment, version in
            guard let routing = try table.find(deployment).routing else { return nil }
            let served = routing.model(version: version) ?? (routing.stable.version == version ? routing.stable : nil)
            return try await served?.load().loaded
        }
    }

    /// Answers `DeploymentHooks.measurements`.
    func measurements(_ question: RolloutQuestion) async -> [String: ExternalMeasurement] {
        await service.measurements(question)
    }

    /// Runs both until the task is cancelled.
    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.replays.run() }
            group.addTask { await self.service.run() }
        }
    }

    /// Registers the routes of both.
    func register(in routes: RouteTable) {
        ReplayRoutes(service: replays).register(in: routes)
        AnalysisRoutes(service: service).register(in: routes)
    }
}
