import Core
import Ledger
import Rollouts
import Runtimes
import Serving
import Storage

/// What a request of 30 inputs costs in the data plane while every row is kept.
///
/// That is: choosing a version, the cheapest model there is, counting, and handing the row to the ledger, whose own share
/// is at most all of it.
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

    /// The median of microseconds a request, over stretches between which the ledger is written.
    func measure() async throws -> Double {
        let plane = try await plane()
        var times: [Double] = []
        for round in 0..<Self.stretches {
            times.append(try await Self.stretch(plane, "request-\(round)"))
            try await plane.ledger.flush()
        }
        guard plane.ledger.counts.dropped == 0 else {
            throw MartletError(.internal, "The ledger dropped rows; the figure would be of nothing.")
        }
        return times.sorted()[Self.stretches / 2]
    }

    private func plane() async throws -> DataPlane {
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
        let entry: JSONValue = ["model": "bench"]
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
