import Core
import Storage
import Synchronization
import TestSupport

import Monitoring

/// A service over a database in memory, a clock moved by hand and a ledger that is an array.
final class MonitorHarness: Sendable {
    let database: Database
    let manual = ManualClock()
    let metrics = RecordedMetrics()
    let delivered = Mutex<[VerdictChange]>([])
    let refusesDelivery = Mutex(false)
    let ledger = Mutex<[[Float]]>([])
    let datasets = Mutex<[String: Table]>([:])
    let noted = Mutex<[String]>([])
    let ledgerFails = Mutex(false)
    let askedSince = Mutex<[Timestamp?]>([])
    let performance = Mutex<PerformanceVerdict?>(nil)

    init() async throws {
        database = try await TestDatabase.current.open()
        try await database.migrate(MonitorStore.migrations)
    }

    /// A new service over the same database, as after a restart.
    func service() -> MonitorService {
        MonitorService(
            database: database,
            clock: manual.clock,
            metrics: metrics,
            recentRows: { _, limit, since in
                self.askedSince.withLock { $0.append(since) }
                if self.ledgerFails.withLock({ $0 }) { throw MartletError(.unavailable, "The ledger is away.") }
                return self.ledger.withLock { rows in
                    rows.suffix(limit).map {
                        RecentRow(version: 1, features: $0, prediction: "yes", score: 0.5, at: self.manual.now)
                    }
                }
            },
            datasetRows: { name, version in
                let label = name + (version.map { "@\($0)" } ?? "")
                guard let table = self.datasets.withLock({ $0[label] }) else {
                    throw MartletError(.notFound, "There is no dataset '\(label)'.")
                }
                return table
            },
            outbox: { _, change in self.noted.withLock { $0.append(change.id) } },
            performance: { _ in self.performance.withLock { $0 } },
            onVerdictChange: { change in
                if self.refusesDelivery.withLock({ $0 }) { throw MartletError(.unavailable, "Not now.") }
                self.delivered.withLock { $0.append(change) }
            }
        )
    }

    /// The transitions that were delivered, as `from>to`.
    var transitions: [String] {
        delivered.withLock { $0.map { "\($0.from.rawValue)>\($0.to.rawValue)" } }
    }

    /// Feeds rows and evaluates after the interval.
    func step(_ service: MonitorService, rows: [[Float]], deployment: String = "cancer") async {
        for row in rows { service.observe(deployment: deployment, features: row) }
        manual.advance(by: .seconds(1))
        await service.evaluateDue()
    }

    static func spec(_ fields: String = "", name: String = "drift", deployment: String = "cancer") throws -> MonitorSpec
    {
        let text = """
            {"deployment":"\(deployment)","window":40,"minimum":30,"interval":"1s","hysteresis":2\(fields)}
            """
        return try MonitorSpec(name: name, JSONFields(JSONValue.parse(text)))
    }

    /// Normal rows of three features; the first one is shifted.
    static func rows(_ count: Int, seed: UInt64, shift: Double = 0) -> [[Float]] {
        var generator = SeededGenerator(seed: seed)
        return (0..<count).map { _ in
            [Float(generator.normal() + shift), Float(generator.normal() * 100), Float(generator.normal() * 0.001)]
        }
    }

    static func table(seed: UInt64 = 1, rows count: Int = 80, shift: Double = 0) throws -> Table {
        let rows = rows(count, seed: seed, shift: shift)
        return try Table(
            columns: ["radius", "area", "smoothness"].enumerated().map { index, name in
                Column(name: name, values: .numbers(rows.map { Double($0[index]) }))
            }
        )
    }
}
