import Core
import Ledger
import TestSupport
import Testing

@Suite("Hourly sums: right after any order of rows, labels and corrections", .overEveryDatabase)
struct LedgerHistoryTests {
    /// What happens in one history: predictions, and labels with the moment that each was observed.
    private struct History {
        var records: [LedgerRecord] = []
        var items: [FeedbackItem] = []

        init(_ generator: inout SeededGenerator, isRegression: Bool) {
            let count = 5 + Int(generator.next() % 20)
            for index in 0..<count {
                let said = isRegression ? "\(Float(generator.uniform() * 100))" : Self.word(&generator)
                records.append(
                    LedgerFixture.record(
                        "r\(index)",
                        at: Int64(generator.next() % 14_400),
                        version: 1 + Int(generator.next() % 2),
                        arm: generator.next() % 3 == 0 ? .candidate : .stable,
                        prediction: said,
                        score: Double(said) ?? 0.5,
                        entity: "e\(generator.next() % 4)"
                    )
                )
            }
            for moment in 0..<(count * 2) {
                let label: JSONValue =
                    isRegression ? .number(generator.uniform() * 100) : .string(Self.word(&generator))
                let observedAt = LedgerFixture.begin + .seconds(20_000 + Int64(moment))
                let subject: FeedbackItem.Subject =
                    generator.next() % 6 == 0
                    ? .entity(
                        deployment: "cancer",
                        key: "e\(generator.next() % 4)",
                        at: LedgerFixture.begin + .seconds(Int64(generator.next() % 14_400)),
                        window: .seconds(3600)
                    )
                    : .request(id: "r\(generator.next() % UInt64(count))", deployment: nil)
                items.append(FeedbackItem(subject: subject, label: label, observedAt: observedAt))
            }
        }

        private static func word(_ generator: inout SeededGenerator) -> String {
            generator.next() % 2 == 0 ? "malignant" : "benign"
        }
    }

    private static let number = LedgerSchema(columns: ["age", "mean radius"], classes: [])

    /// Plays a history: rows and labels interleaved, some labels twice.
    private func play(
        _ history: History,
        _ generator: inout SeededGenerator,
        isRegression: Bool
    ) async throws -> LedgerFixture {
        let fixture = try await LedgerFixture()
        let schema = isRegression ? Self.number : LedgerFixture.classes
        var records = generator.shuffled(history.records)
        var items = generator.shuffled(history.items + history.items.prefix(5))
        let now = LedgerFixture.begin + .seconds(90_000)
        while !records.isEmpty || !items.isEmpty {
            if !records.isEmpty, items.isEmpty || generator.next() % 2 == 0 {
                let part = Array(records.prefix(1 + Int(generator.next() % 4)))
                records.removeFirst(part.count)
                try await fixture.insert(part, schema: schema)
            } else {
                let part = Array(items.prefix(1 + Int(generator.next() % 6)))
                items.removeFirst(part.count)
                _ = try await fixture.store.label(part, now: now, keepsUnknown: true)
            }
        }
        return fixture
    }

    @Test("A hundred random histories: the sums are what the rows say, and the rows are the same for every order")
    func histories() async throws {
        let rounds = TestDatabase.current == .sqlite ? 100 : 8
        for seed in 0..<rounds {
            var generator = SeededGenerator(seed: UInt64(seed))
            let isRegression = seed % 3 == 0
            let history = History(&generator, isRegression: isRegression)
            let one = try await play(history, &generator, isRegression: isRegression)
            let other = try await play(history, &generator, isRegression: isRegression)
            let sums = try await one.store.hours("cancer")
            #expect(sums == (try await one.store.countedHours("cancer")), "seed \(seed)")
            #expect(try await other.store.hours("cancer") == (try await other.store.countedHours("cancer")))
            func labels(_ fixture: LedgerFixture) async throws -> [String: String] {
                let rows = try await fixture.store.recent("cancer", limit: 100)
                return Dictionary(uniqueKeysWithValues: rows.map { ($0.record.id, $0.record.label ?? "none") })
            }
            #expect(try await labels(one) == (try await labels(other)), "seed \(seed)")
            #expect(sums.map(\.predictions).reduce(0, +) == Int64(history.records.count))
        }
    }

    @Test("What is sampled out is counted as served and not as kept")
    func unkept() async throws {
        let fixture = try await LedgerFixture()
        var hour = LedgerHour(deployment: "cancer", version: 1, hour: LedgerFixture.begin, arm: .stable)
        hour.count(rows: 9, microseconds: 100, drift: true)
        _ = try await fixture.store.insert(LedgerBatch(records: [LedgerFixture.record("a")], unkept: [hour]))
        let sum = try #require(try await fixture.store.hours("cancer").first)
        #expect(sum.predictions == 10 && sum.kept == 1 && sum.drifted == 9 && sum.microseconds == 1150)
    }

    @Test("A sum forgets what is taken away to the last bit, and stops at the end of its range")
    func exactSums() {
        var generator = SeededGenerator(seed: 4)
        let numbers = (0..<1000).map { _ in generator.normal() * 1e6 }
        var sum = ExactSum()
        for number in numbers { sum.add(number) }
        for number in generator.shuffled(numbers) { sum.add(number, times: -1) }
        #expect(sum == ExactSum())
        sum.add(.nan)
        #expect(sum.value == 0)
        sum.add(.infinity)
        #expect(sum.value == 0x1p60)
        sum.add(-0.5)
        #expect(sum.value == 0x1p60)
    }
}

extension SeededGenerator {
    mutating func shuffled<T>(_ values: [T]) -> [T] {
        var copy = values
        for index in copy.indices.dropFirst().reversed() {
            copy.swapAt(index, Int(next() % UInt64(index + 1)))
        }
        return copy
    }
}
