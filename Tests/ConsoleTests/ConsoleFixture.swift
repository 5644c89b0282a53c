import Artifacts
import Console
import Core
import Datasets
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
    private let routes: ConsoleRoutes

    init() async throws {
        directory = NSTemporaryDirectory() + "martlet-console-\(Identifier.random())"
        let database = try await TestDatabase.current.open()
        try await database.migrate(
            TrackingStore.migrations + RegistryStore.migrations + DatasetStore.migrations + PipelineStore.migrations
                + DeploymentStore.migrations + LedgerStore.migrations + MonitorStore.migrations + LoopStore.migrations
        )
        let clock = clock.clock
        let artifacts = try DiskArtifactStore(root: directory + "/artifacts")
        let tracking = TrackingStore(database: database, artifacts: artifacts, clock: clock)
        try await tracking.prepare()
        registry = RegistryStore(
            database: database,
            artifacts: artifacts,
            sources: ModelSources(
                runArtifactURI: { try await tracking.run($0).info.artifactURI },
                loggedModel: { id in
                    let model = try await tracking.loggedModel(id)
                    return ModelSources.LoggedModel(artifactURI: model.artifactURI, runID: model.sourceRunID)
                },
                registered: { _, _, _ in }
            ),
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
        self.tracking = tracking
        sources = ConsoleSources(
            tracking: tracking,
            registry: registry,
            datasets: datasets,
            pipelines: pipelines,
            deployments: deployments,
            deploymentStore: store,
            ledger: ledger,
            monitors: monitors,
            loops: loops,
            clock: clock
        )
        routes = try ConsoleRoutes(sources: sources, version: "0.1")
        try await monitors.start()
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

    /// Loops here are only opened and looked at; whatever they ask for is refused.
    private static var actions: LoopActions {
        LoopActions(
            startPipeline: { _ in throw MartletError(.unavailable, "Not in this test.") },
            pipelineProgress: { _ in .running },
            gate: { _ in throw MartletError(.unavailable, "Not in this test.") },
            register: { _, _, _ in throw MartletError(.unavailable, "Not in this test.") },
            startRollout: { _, _, _ in },
            rolloutProgress: { _, _, _ in .notStarted },
            newLabelledRows: { _, _, _ in 100 }
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
