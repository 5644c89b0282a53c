import Core
import Ledger
import Rollouts
import Runtimes
import Serving
import Storage

/// What the ledger costs a request where it is answered: predictions of 30 inputs with every row kept, against none kept.
struct RequestPathBench {
    private static let inputs = 30
    /// Requests of one stretch: few enough that the queue, which nobody empties meanwhile, takes them all.
    private static let stretch = 20_000
    private static let stretches = 9

    /// Adds up its inputs: the cheapest model there is, so that what surrounds it shows.
    private struct Sum: RowRuntime {
        let placement = RuntimePlacement.own
        let memoryBytes = 64
        let name = "sum"
        let featureCount = RequestPathBench.inputs
        let outputWidth = 1

        func predictUnchecked(
            _ rows: UnsafeBufferPointer<Float>,
            count: Int,
            into output: UnsafeMutableBufferPointer<Float>
        ) throws {
            for row in 0..<count {
                output[row] = (0..<featureCount).reduce(0) { $0 + rows[row * featureCount + $1] }
            }
        }
    }

    /// The median difference in microseconds a request, over stretches that take turns.
    func measure() async throws -> Double {
        let kept = try await plane(sampling: 1)
        let dropped = try await plane(sampling: 0)
        var differences: [Double] = []
        for round in 0..<Self.stretches {
            let with = try await Self.stretch(kept, "kept-\(round)")
            let without = try await Self.stretch(dropped, "dropped-\(round)")
            differences.append(with - without)
            try await kept.ledger.flush()
            try await dropped.ledger.flush()
        }
        return differences.sorted()[Self.stretches / 2]
    }

    private func plane(sampling: Double) async throws -> DataPlane {
        let database = try Database.inMemory()
        try await database.migrate(LedgerStore.migrations + DeploymentStore.migrations)
        let table = DeploymentTable()
        let ledger = PredictionLedger(store: LedgerStore(database: database), deployments: table, clock: .system)
        let controller = DeploymentController(
            store: DeploymentStore(database: database),
            source: Self.source,
            table: table,
            ledger: ledger,
            observer: nil,
            clock: .system
        )
        let entry: JSONValue = ["model": "bench", "ledger": ["sampling": .number(sampling)]]
        try await controller.apply([DeploymentSpec(name: "bench", fields: try JSONFields(entry, path: "bench"))])
        return DataPlane(deployments: table, ledger: ledger, observer: nil, clock: .system)
    }

    private static let source = ModelSource(
        resolve: { _, _ in 1 },
        load: { model, version, _ in
            try LoadedModel(
                model: model,
                version: version,
                runtime: Sum(),
                signature: ModelSignature(
                    inputs: (0..<inputs).map { .init(name: "x\($0)", type: .double) },
                    outputs: []
                ),
                classes: ["malignant", "benign"],
                threshold: 0.5,
                reference: nil
            )
        },
        moveAlias: { _, _, _ in }
    )

    /// Microseconds a request, answered on the caller's thread as the lane does it.
    private static func stretch(_ plane: DataPlane, _ name: String) async throws -> Double {
        let deployment = try plane.deployments.find("bench")
        let row = (0..<inputs).map { Float($0) }
        let ids = (0..<stretch).map { "\(name)-\($0)" }
        let start = Clock.monotonicNanoseconds
        for id in ids {
            let request = InferenceRequest(id: id, deployment: deployment, rows: row, count: 1, via: .predict)
            guard try plane.inferNow(request) != nil else {
                throw MartletError(.internal, "A request was not answered at once.")
            }
        }
        return Double(Clock.monotonicNanoseconds - start) * 1e-3 / Double(stretch)
    }
}
