import Core
import Ledger

/// A deployment with two versions, asked over some days.
struct LedgerBench {
    let store: LedgerStore
    let rows: Int

    private static let batch = 8_192
    private static let inputs = 30
    private static let begin = Timestamp(milliseconds: 1_767_225_600_000)
    /// A week, whatever the number of rows.
    private static let span: Int64 = 7 * 86_400_000

    private func record(_ index: Int, _ generator: inout SeededGenerator) -> LedgerRecord {
        let isSecond = generator.next() % 10 == 0
        return LedgerRecord(
            id: Identifier.hexadecimal(generator.next(), generator.next()),
            deployment: "bench",
            version: isSecond ? 2 : 1,
            arm: isSecond ? .candidate : .stable,
            rollout: nil,
            step: 0,
            via: "v2",
            features: (0..<Self.inputs).map { _ in Float(generator.uniform()) },
            prediction: generator.next() % 2 == 0 ? "benign" : "malignant",
            score: generator.uniform(),
            shadowVersion: nil,
            shadowPrediction: nil,
            shadowScore: nil,
            microseconds: Int64(generator.next() % 500),
            drift: false,
            createdAt: Self.begin + .milliseconds(Int64(index) * Self.span / Int64(rows)),
            entity: nil
        )
    }

    /// Writes all rows and says how fast: on the whole, and in the slowest tenth.
    func write() async throws -> JSONObject {
        var generator = SeededGenerator(seed: 1)
        var nanoseconds: UInt64 = 0
        var written = 0
        var tenth: (rows: Int, nanoseconds: UInt64) = (0, 0)
        var slowest = Double.infinity
        let schema = LedgerSchema(columns: (0..<Self.inputs).map { "x\($0)" }, classes: ["malignant", "benign"])
        while written < rows {
            let count = min(Self.batch, rows - written)
            var batch = LedgerBatch(records: (0..<count).map { record(written + $0, &generator) })
            if written == 0 { batch.schemas[.init("bench", 1)] = schema }
            let start = Clock.monotonicNanoseconds
            _ = try await store.insert(batch)
            let taken = Clock.monotonicNanoseconds - start
            nanoseconds += taken
            written += count
            tenth = (tenth.rows + count, tenth.nanoseconds + taken)
            if tenth.rows >= rows / 10 {
                slowest = min(slowest, Double(tenth.rows) / Double(tenth.nanoseconds) * 1e9)
                tenth = (0, 0)
            }
        }
        return [
            "rows": .int(rows), "inputs": .int(Self.inputs),
            "rows_per_second": .number((Double(rows) / Double(nanoseconds) * 1e9).rounded()),
            "rows_per_second_slowest_tenth": .number(slowest.rounded()),
        ]
    }

    /// The times of questions, in milliseconds: the best of three, after one that warms up.
    func ask() async throws -> JSONObject {
        let filters = [
            ("wrong_filter_ms", "version = 2 and wrong"), ("score_filter_ms", "score > 0.9999"),
            ("feature_filter_ms", "features.x3 > 0.999"),
        ]
        var figures: JSONObject = [
            "by_version_and_hour_ms": .number(try await best { _ = try await store.hours("bench") }),
            "newest_page_ms": .number(
                try await best { _ = try await store.page(LedgerQuery(deployment: "bench"), limit: 100) }
            ),
        ]
        for (name, text) in filters {
            let query = LedgerQuery(deployment: "bench", filter: try LedgerFilter(parsing: text))
            figures[name] = .number(try await best { _ = try await store.page(query, limit: 100) })
        }
        let ids = try await store.page(LedgerQuery(deployment: "bench", order: .oldest), limit: 1).rows.map(\.record.id)
        if let oldest = ids.first {
            figures["oldest_by_id_ms"] = .number(try await best { _ = try await store.find(oldest) })
        }
        let items = try await store.page(LedgerQuery(deployment: "bench"), limit: 1000).rows.map {
            FeedbackItem(subject: .request(id: $0.record.id, deployment: nil), label: "benign")
        }
        let start = Clock.monotonicNanoseconds
        _ = try await store.label(items, now: Self.begin, keepsUnknown: false)
        let seconds = Double(Clock.monotonicNanoseconds - start) * 1e-9
        figures["labels_per_second"] = .number((Double(items.count) / seconds).rounded())
        return figures
    }

    private func best(_ body: () async throws -> Void) async throws -> Double {
        var best = Double.infinity
        for _ in 0..<4 {
            let start = Clock.monotonicNanoseconds
            try await body()
            best = min(best, Double(Clock.monotonicNanoseconds - start) * 1e-6)
        }
        return (best * 1000).rounded() / 1000
    }
}
