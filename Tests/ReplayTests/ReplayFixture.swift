import Core
import Ledger
import Replay
import Storage
import Synchronization
import TestSupport

/// A deployment "cancer" with a ledger in memory, and models that are formulas.
struct ReplayFixture {
    static let start = Timestamp(milliseconds: 1_767_225_600_000)
    static let columns = ["radius", "texture"]

    let clock: ManualClock
    let database: Database
    let world: World

    /// What the sources read; tests change it.
    final class World: Sendable {
        struct State {
            var rows: [LedgerRow] = []
            var models: [Int: ReplayModel] = [:]
            var columns: [Int: [String]] = [1: ReplayFixture.columns]
            var stable: Int? = 1
            var closed: [Int] = []
            var pages: [Int] = []
            var beforePage: @Sendable (_ page: Int) async throws -> Void = { _ in }
        }

        let state = Mutex(State())

        func change(_ body: (inout sending State) -> Void) {
            state.withLock { body(&$0) }
        }

        var sources: ReplaySources {
            ReplaySources(
                page: { [self] _, window, before, limit in
                    let (number, hook) = state.withLock { ($0.pages.count, $0.beforePage) }
                    try await hook(number)
                    return state.withLock { state in
                        let found = state.rows.filter { row in
                            window.contains(row.record.createdAt) && (before.map { row.position < $0 } ?? true)
                        }
                        let page = Array(found.sorted { $0.position > $1.position }.prefix(limit))
                        state.pages.append(page.count)
                        return page
                    }
                },
                resolve: { reference in
                    guard let text = reference.split(separator: "/").last, let version = Int(text) else {
                        throw MartletError(.notFound, "There is no '\(reference)'.")
                    }
                    return ("cancer", version)
                },
                load: { [self] _, version in
                    guard let model = state.withLock({ $0.models[version] }) else {
                        throw MartletError(.notFound, "The model 'cancer' has no version \(version).")
                    }
                    return ReplayModel(
                        version: version,
                        columns: model.columns,
                        classes: model.classes,
                        answer: model.answer,
                        close: { [self] in state.withLock { $0.closed.append(version) } }
                    )
                },
                serving: { [self] deployment in
                    guard deployment == "cancer" else {
                        throw MartletError(.notFound, "There is no deployment '\(deployment)'.")
                    }
                    return ("cancer", state.withLock { $0.stable })
                },
                columns: { [self] _, version in state.withLock { $0.columns[version] } }
            )
        }
    }

    init() async throws {
        clock = ManualClock(now: Self.start)
        database = try await TestDatabase.current.open()
        try await database.migrate(ReplayStore.migrations, now: clock.now)
        world = World()
        world.change { $0.models[1] = Self.classifier(1) { $0[0] > 0.5 } }
    }

    func service() -> ReplayService {
        ReplayService(database: database, sources: world.sources, clock: clock.clock)
    }

    /// A binary classifier by a rule.
    static func classifier(
        _ version: Int,
        columns: [String] = ReplayFixture.columns,
        _ rule: @escaping @Sendable ([Float]) throws -> Bool
    ) -> ReplayModel {
        ReplayModel(version: version, columns: columns, classes: ["benign", "malignant"]) { rows, count in
            try (0..<count).map { row in
                let values = Array(rows[row * columns.count..<(row + 1) * columns.count])
                let isSecond = try rule(values)
                return ReplayAnswer(prediction: isSecond ? "malignant" : "benign", score: isSecond ? 0.9 : 0.1)
            }
        }
    }

    /// A regression by a formula.
    static func regression(_ version: Int, _ formula: @escaping @Sendable ([Float]) -> Double) -> ReplayModel {
        ReplayModel(version: version, columns: columns, classes: []) { rows, count in
            (0..<count).map { row in
                let value = formula(Array(rows[row * 2..<row * 2 + 2]))
                return ReplayAnswer(prediction: "\(value)", score: value)
            }
        }
    }

    /// One prediction of the ledger, `minutes` after the start.
    static func row(
        _ number: Int64,
        version: Int = 1,
        arm: LedgerArm = .stable,
        features: [Float],
        prediction: String,
        score: Double = 0.5,
        label: String? = nil,
        entity: String? = nil,
        isCut: Bool = false
    ) -> LedgerRow {
        let at = Timestamp(milliseconds: start.milliseconds - 3_600_000 + number * 10)
        return LedgerRow(
            position: LedgerPosition(createdAt: at, number: number),
            record: LedgerRecord(
                id: "r\(number)",
                deployment: "cancer",
                version: version,
                arm: arm,
                rollout: nil,
                step: 0,
                via: "predict",
                features: features,
                prediction: prediction,
                score: score,
                shadowVersion: nil,
                shadowPrediction: nil,
                shadowScore: nil,
                microseconds: 100,
                drift: false,
                createdAt: at,
                label: label,
                labelledAt: label == nil ? nil : at,
                entity: entity,
                isCut: isCut
            )
        )
    }

    /// Rows that version 1 answered, with labels that it always gets right.
    static func rows(_ count: Int, labelled: Bool = true) -> [LedgerRow] {
        (0..<count).map { index in
            let radius = Float(index % 10) / 10
            let name = radius > 0.5 ? "malignant" : "benign"
            return row(
                Int64(index),
                features: [radius, Float(index % 3)],
                prediction: name,
                score: radius > 0.5 ? 0.9 : 0.1,
                label: labelled ? name : nil,
                entity: "p\(index % 4)"
            )
        }
    }

    /// A request for candidate 2 over the last day.
    static func request(
        version: Int = 2,
        limit: Int = 10_000,
        segments: [String] = ReplayRequest.standardSegments,
        gate: ReplayBounds? = nil
    ) -> ReplayRequest {
        ReplayRequest(
            deployment: "cancer",
            model: "cancer",
            version: version,
            since: start - .seconds(86_400),
            until: start + .milliseconds(1),
            limit: limit,
            segments: segments,
            gate: gate
        )
    }

    /// Runs one replay to its end.
    func replay(_ request: ReplayRequest) async throws -> ReplayRecord {
        let service = service()
        let record = try await service.start(request, key: nil, requestedBy: "test")
        await service.runAll()
        return try await service.replay(record.id)
    }
}
