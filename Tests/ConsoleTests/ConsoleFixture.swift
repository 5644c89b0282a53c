import Artifacts
import Console
import Core
import Datasets
import Events
import Foundation
import HTTPSupport
import Hummingbird
import HummingbirdTesting
import Ledger
import Logging
import Loop
import Monitoring
import Pipelines
import Registry
import Replay
import Runtimes
import Serving
import Storage
import TestSupport
import Tracking

/// The real stores of every feature over one database in memory, and the console over them.
final class ConsoleFixture: Sendable {
    static let evil = "<img src=x onerror=alert(1)>"

    let clock = ManualClock()
    let directory: String
    let sources: ConsoleSources
    let tracking: TrackingStore
    let registry: RegistryStore
    let datasets: DatasetStore
    let pipelines: PipelineService
    let deployments: DeploymentController
    let deploymentStore: DeploymentStore
    let table: DeploymentTable
    let ledger: PredictionLedger
    let monitors: MonitorService
    let loops: LoopService
    let events: EventLog
    let replays: ReplayService
    let database: Database
    private let routes: ConsoleRoutes

    init() async throws {
        directory = NSTemporaryDirectory() + "martlet-console-\(Identifier.random())"
        let database = try await TestDatabase.current.open()
        self.database = database
        try await database.migrate(
            TrackingStore.migrations + RegistryStore.migrations + DatasetStore.migrations + PipelineStore.migrations
                + DeploymentStore.migrations + LedgerStore.migrations + MonitorStore.migrations + LoopStore.migrations
                + EventLog.migrations + ReplayStore.migrations
        )
        let clock = clock.clock
        let artifacts = try DiskArtifactStore(root: directory + "/artifacts")
        let tracking = TrackingStore(database: database, artifacts: artifacts, clock: clock)
        try await tracking.prepare()
        registry = RegistryStore(
            database: database,
            artifacts: artifacts,
            sources: Self.origins(tracking),
            clock: clock
        )
        datasets = DatasetStore(database: database, clock: clock)
        pipelines = PipelineService(
            store: PipelineStore(database: database, clock: clock),
            steps: [BuiltinStep(name: "test.echo", summary: "Nothing.", parameters: [], run: { _ in [:] })],
            configuration: PipelineConfiguration(workDirectory: directory + "/tasks"),
            clock: clock,
            logger: Logger(label: "test")
        )
        table = DeploymentTable()
        ledger = PredictionLedger(store: LedgerStore(database: database), deployments: table, clock: clock)
        monitors = MonitorService(database: database, clock: clock, recentRows: { _, _, _ in [] })
        let store = DeploymentStore(database: database)
        deploymentStore = store
        deployments = DeploymentController(
            store: store,
            source: Self.models(registry),
            table: table,
            ledger: ledger,
            observer: nil,
            clock: clock
        )
        loops = LoopService(
            store: LoopStore(database: database),
            actions: Self.actions,
            clock: clock,
            logger: Logger(label: "test")
        )
        events = EventLog(database: database, workspace: "default", clock: clock)
        replays = ReplayService(database: database, sources: Self.replayed(registry), clock: clock)
        self.tracking = tracking
        sources = ConsoleSources(
            tracking: tracking,
            registry: registry,
            datasets: datasets,
            pipelines: pipelines,
            deployments: deployments,
            deploymentStore: store,
            ledger: ledger,
            predictions: LedgerStore(database: database),
            replays: replays,
            events: events,
            declarations: Self.declarations(deployments),
            monitors: monitors,
            loops: loops,
            clock: clock
        )
        routes = try ConsoleRoutes(sources: sources, version: "0.1")
        try await monitors.start()
    }

    /// Where versions come from.
    private static func origins(_ tracking: TrackingStore) -> ModelSources {
        ModelSources(
            runArtifactURI: { try await tracking.run($0).info.artifactURI },
            loggedModel: { id in
                let model = try await tracking.loggedModel(id)
                return ModelSources.LoggedModel(artifactURI: model.artifactURI, runID: model.sourceRunID)
            },
            registered: { _, _, _ in }
        )
    }

    deinit {
        try? FileManager.default.removeItem(atPath: directory)
    }

    /// Every version answers with the logistic function of its first feature.
    private static func models(_ registry: RegistryStore) -> ModelSource {
        ModelSource(
            resolve: { model, alias in try? await registry.resolve(alias: alias, of: model) },
            load: { model, version, _ in
                try LoadedModel(
                    model: model,
                    version: version,
                    runtime: LogisticRuntime(),
                    signature: ModelSignature(inputs: [.init(name: "x", type: .double)], outputs: []),
                    classes: ["malignant", "benign"],
                    threshold: 0.5,
                    reference: nil
                )
            },
            moveAlias: { try await registry.setAlias(model: $0, alias: $1, version: $2) }
        )
    }

    /// Entries are JSON here; what they mean is the deployments' own business.
    private static func declarations(_ deployments: DeploymentController) -> ConsoleDeclarations {
        ConsoleDeclarations(
            read: { try JSONValue.parse($0) },
            compare: { name, entry in
                let spec = try DeploymentSpec(name: name, fields: JSONFields(entry, path: "deployments.\(name)"))
                let before = await deployments.statuses().first { $0.spec.name == name }?.spec.json
                let fields =
                    spec.json == before
                    ? []
                    : [(path: "rollout.steps", before: before?.description, after: spec.json.description as String?)]
                return .init(isNew: before == nil, fields: fields, notes: ["what follows"])
            },
            apply: { name, entry in
                let fields = try JSONFields(entry, path: "deployments.\(name)")
                try await deployments.apply([try DeploymentSpec(name: name, fields: fields)])
            }
        )
    }

    /// Replays here are only asked for and looked at.
    private static func replayed(_ registry: RegistryStore) -> ReplaySources {
        ReplaySources(
            page: { _, _, _, _ in [] },
            resolve: { reference in
                guard reference == "models:/cancer/1" else { throw MartletError(.notFound, "No \(reference) here.") }
                return (model: "cancer", version: 1)
            },
            load: { _, _ in throw MartletError(.unavailable, "Not in this test.") },
            serving: { _ in (model: "cancer", version: 1) },
            columns: { _, _ in ["x"] }
        )
    }

    /// Loops here are opened, and stop at what is asked of a person; whatever else they ask for is refused.
    private static var actions: LoopActions {
        LoopActions(
            startPipeline: { _ in "run-1" },
            pipelineProgress: { _ in .succeeded(outputs: ["run_id": "r"]) },
            gateFigures: { _ in GateFigures(candidate: ["accuracy": 0.97], champion: ["accuracy": 0.91]) },
            register: { _, _, _ in 2 },
            startRollout: { _ in throw MartletError(.unavailable, "Not in this test.") },
            rolloutProgress: { _, _, _ in .notStarted },
            writeBack: { _ in throw MartletError(.unavailable, "Not in this test.") },
            checkWriteBack: { _, _ in },
            undo: { _ in Undone([]) },
            newLabelledRows: { _, _, _ in 100 },
            dataset: { _ in nil },
            aliasVersion: { _, _ in 1 },
            authenticationCode: { _, _ in [] }
        )
    }

    /// Runs requests against the console.
    func withClient(_ body: @Sendable (any TestClientProtocol) async throws -> Void) async throws {
        let router = Router(context: AppRequestContext.self)
        let table = RouteTable.forTests(router)
        routes.register(in: table)
        try table.validate()
        try await Application(router: router).test(.router) { try await body($0) }
    }
}

/// A model of one feature.
private struct LogisticRuntime: RowRuntime {
    let placement = RuntimePlacement.own
    let memoryBytes = 64
    let name = "logistic"
    let featureCount = 1
    let outputWidth = 1

    func predictUnchecked(
        _ rows: UnsafeBufferPointer<Float>,
        count: Int,
        into output: UnsafeMutableBufferPointer<Float>
    ) throws {
        for row in 0..<count { output[row] = 1 / (1 + exp(-rows[row])) }
    }
}
