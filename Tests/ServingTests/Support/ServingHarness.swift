import Core
import Foundation
import HTTPSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Ledger
import Rollouts
import Serving
import Storage
import Synchronization
import TestSupport

/// Serving as the server wires it, with an in-memory database, a clock moved by hand and a registry of one model.
struct ServingHarness: Sendable {
    let database: Database
    let time = ManualClock()
    let registry: TestRegistry
    let table = DeploymentTable()
    let ledger: PredictionLedger
    let plane: DataPlane
    let store: DeploymentStore
    let controller: DeploymentController
    let monitor = TestMonitor()

    init(
        registry: TestRegistry = TestRegistry(),
        database existing: Database? = nil,
        capacity: Int = ServingLimits.ledgerQueueRows,
        at now: Timestamp? = nil,
        source: ModelSource? = nil,
        hooks: DeploymentHooks = DeploymentHooks(),
        outbox: @escaping DeploymentStore.Outbox = { _, _, _ in }
    ) async throws {
        if let now { time.advance(by: now - time.now) }
        if let existing {
            database = existing
        } else {
            database = try await TestDatabase.current.open()
            try await database.migrate(LedgerStore.migrations + DeploymentStore.migrations)
        }
        self.registry = registry
        let ledgerStore = LedgerStore(database: database)
        ledger = PredictionLedger(store: ledgerStore, deployments: table, clock: time.clock, capacity: capacity)
        plane = DataPlane(deployments: table, ledger: ledger, observer: monitor, clock: time.clock)
        store = DeploymentStore(database: database, outbox: outbox)
        controller = DeploymentController(
            store: store,
            source: source ?? registry.source,
            table: table,
            ledger: ledger,
            observer: monitor,
            clock: time.clock,
            hooks: hooks
        )
    }

    /// A deployment `cancer` of version 1, a rising logistic curve over two features.
    static func serving(_ rollout: RolloutSpec = .quick, capacity: Int = ServingLimits.ledgerQueueRows) async throws
        -> ServingHarness
    {
        let harness = try await ServingHarness(capacity: capacity)
        harness.registry.register(1, LinearRuntime(featureCount: 2))
        try await harness.apply(rollout)
        return harness
    }

    func apply(_ rollout: RolloutSpec = .quick) async throws {
        try await controller.apply([
            DeploymentSpec(name: "cancer", model: "cancer", alias: "production", rollout: rollout)
        ])
    }

    /// Asks for one prediction by id.
    @discardableResult
    func predict(_ id: String, _ row: [Float] = [1, 0]) async throws -> InferenceResponse {
        try await plane.infer(
            InferenceRequest(id: id, deployment: table.find("cancer"), rows: row, count: 1, via: .predict)
        )
    }

    /// Moves the time and lets the controller look at aliases and evidence.
    func step(_ duration: Duration = .seconds(1)) async throws {
        time.advance(by: duration)
        try await ledger.flush()
        await controller.reconcileAll()
        await controller.look()
    }

    func status() async throws -> DeploymentStatus { try await controller.status("cancer") }

    /// Sends one HTTP request to all routes of the module.
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: String = "",
        headers: [String: String] = ["Content-Type": "application/json"]
    ) async throws -> HTTPAnswer {
        try await send(method, path, Array(body.utf8), headers: headers)
    }

    /// Sends one HTTP request with any bytes as its body.
    func send(
        _ method: HTTPRequest.Method,
        _ path: String,
        _ body: [UInt8],
        headers: [String: String]
    ) async throws -> HTTPAnswer {
        let router = Router(context: AppRequestContext.self)
        let routes = RouteTable.forTests(router)
        PredictRoutes(plane: plane).register(in: routes)
        V1Routes(plane: plane).register(in: routes)
        V2Routes(plane: plane, serverVersion: "test").register(in: routes)
        V2RepositoryRoutes(
            repository: ModelRepository(controller: controller, table: table),
            reporter: plane.reporter
        )
        .register(in: routes)
        InvocationRoutes(plane: plane).register(in: routes)
        FeedbackRoutes(ledger: ledger).register(in: routes)
        DeploymentRoutes(controller: controller, store: store, ledger: ledger, clock: time.clock).register(in: routes)
        try routes.validate()
        return try await Application(router: router).test(.router) { client in
            var fields = HTTPFields()
            for (name, value) in headers {
                if let name = HTTPField.Name(name) { fields[name] = value }
            }
            let response = try await client.execute(
                uri: path,
                method: method,
                headers: fields,
                body: ByteBuffer(bytes: body)
            )
            return HTTPAnswer(
                status: response.status.code,
                headers: response.headers,
                bytes: Array(response.body.readableBytesView)
            )
        }
    }
}

/// What came back.
struct HTTPAnswer: Sendable {
    let status: Int
    let headers: HTTPFields
    let bytes: [UInt8]

    var text: String { String(decoding: bytes, as: UTF8.self) }
    var json: JSONValue {
        get throws { try JSONValue.parse(bytes) }
    }
}

/// A monitor that says what the test tells it to, and counts what it sees.
final class TestMonitor: PredictionObserver {
    struct State {
        var signal: DriftSignal?
        var rows = 0
    }

    let state = Mutex(State())

    func observe(_ prediction: ObservedPrediction) { state.withLock { $0.rows += prediction.rows } }

    func driftSignal(deployment: String) -> DriftSignal? { state.withLock { $0.signal } }
}

extension RolloutSpec {
    /// Two steps, few samples, errors and labels checked.
    static let quick = RolloutSpec(
        steps: [50, 100],
        bake: .seconds(1),
        minimumSamples: 10,
        timeout: .seconds(60),
        onInconclusive: .hold,
        checks: RolloutChecks(
            errorRate: ErrorRateCheck(maximum: 0.01),
            quality: QualityCheck(maximumDrop: 0.05, minimumLabels: 20, required: true)
        )
    )

    /// As `quick`, without labels.
    static let errorsOnly = RolloutSpec(
        steps: [50, 100],
        bake: .seconds(1),
        minimumSamples: 10,
        timeout: .seconds(60),
        checks: RolloutChecks(errorRate: ErrorRateCheck(maximum: 0.01))
    )
}
