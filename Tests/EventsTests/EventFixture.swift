import Core
import Events
import Logging
import Storage
import TestSupport
import Testing

/// A stream over a database, a clock, and a feed that a test may run.
struct EventFixture {
    let database: Database
    let clock = ManualClock()
    let log: EventLog
    let feed: EventFeed

    init(retention: EventRetention = EventRetention()) async throws {
        try await self.init(database: try await TestDatabase.current.open(), retention: retention)
    }

    init(database: Database, retention: EventRetention = EventRetention()) async throws {
        self.database = database
        try await database.migrate(EventLog.migrations)
        log = EventLog(database: database, workspace: "default", clock: clock.clock)
        feed = EventFeed(log: log, retention: retention, clock: clock.clock, logger: Logger(label: "test"))
    }

    /// Something happens.
    @discardableResult
    func happen(
        _ type: String = "martlet.alias.moved",
        _ subject: String = "models/cancer/aliases/production",
        _ data: JSONObject = ["version": 4]
    ) async throws -> StoredEvent {
        let (log, now) = (log, clock.now)
        return try await database.write { connection in
            try log.append(connection, EventRecord(type: type, subject: subject, data: data, at: now))
        }
    }

    /// Runs the feed while `body` does.
    func live<T: Sendable>(_ body: @escaping @Sendable () async throws -> T) async throws -> T {
        let (feed, clock) = (feed, clock)
        return try await withThrowingTaskGroup(of: T?.self) { group in
            group.addTask {
                await feed.run()
                return nil
            }
            // Time goes on in steps of the feed's own looks, however slow the machine is.
            group.addTask {
                while !Task.isCancelled {
                    if clock.sleeperCount > 0 { clock.advance(by: .milliseconds(EventsLimits.pollMilliseconds)) }
                    try? await Task.sleep(for: .milliseconds(1))
                }
                return nil
            }
            group.addTask { try await body() }
            defer { group.cancelAll() }
            while let outcome = try await group.next() {
                if let outcome { return outcome }
            }
            throw CancellationError()
        }
    }
}
