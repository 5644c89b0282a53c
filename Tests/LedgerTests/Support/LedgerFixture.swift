import Core
import Ledger
import Storage
import TestSupport

/// A ledger over a database of its own.
struct LedgerFixture: Sendable {
    let database: Database
    let store: LedgerStore
    /// 2026-01-01T00:00:00Z.
    static let begin = Timestamp(milliseconds: 1_767_225_600_000)

    init() async throws {
        database = try await TestDatabase.current.open()
        try await database.migrate(LedgerStore.migrations)
        store = LedgerStore(database: database)
    }

    static func record(
        _ id: String,
        at seconds: Int64 = 0,
        version: Int = 1,
        arm: LedgerArm = .stable,
        prediction: String = "benign",
        score: Double = 0.75,
        features: [Float] = [1, 2],
        deployment: String = "cancer",
        entity: String? = nil
    ) -> LedgerRecord {
        LedgerRecord(
            id: id,
            deployment: deployment,
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
            microseconds: 250,
            drift: false,
            createdAt: begin + .seconds(seconds),
            entity: entity
        )
    }

    static let classes = LedgerSchema(columns: ["age", "mean radius"], classes: ["malignant", "benign"])

    /// Writes rows whose versions tell two classes apart.
    @discardableResult
    func insert(_ records: [LedgerRecord], schema: LedgerSchema = classes) async throws -> LedgerInsertion {
        var batch = LedgerBatch(records: records)
        for record in records { batch.schemas[.init(record.deployment, record.version)] = schema }
        return try await store.insert(batch)
    }

    /// Joins one label, keeping it if its prediction is not known.
    func label(
        _ id: String,
        _ label: JSONValue,
        observed: Int64? = nil,
        now: Int64 = 1000
    ) async throws -> FeedbackAnswer {
        let item = FeedbackItem(
            subject: .request(id: id, deployment: nil),
            label: label,
            observedAt: observed.map { Self.begin + .seconds($0) }
        )
        let results = try await store.label([item], now: Self.begin + .seconds(now), keepsUnknown: true)
        guard let answer = results.answers.first ?? nil else { throw MartletError(.internal, "no answer") }
        return try answer.get()
    }
}
