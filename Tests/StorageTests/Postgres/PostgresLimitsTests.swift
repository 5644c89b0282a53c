import Core
import Dispatch
import Foundation
import Storage
import TestSupport
import Testing

/// Each limit of the PostgreSQL side, at it and past it.
@Suite struct PostgresLimitsTests {
    /// How long `work` took and how it failed; measured on its own thread, however busy the others are.
    private static func seconds(_ work: () throws -> Void) -> (Double, MartletError?) {
        let started = ContinuousClock.now
        var failure: MartletError?
        do { try work() } catch { failure = MartletError.wrapping(error) }
        return ((ContinuousClock.now - started) / .seconds(1), failure)
    }

    /// What a machine that runs many tests at once may add.
    private static let slack = 10.0

    @Test func soManyStatementsStayPrepared() async throws {
        let database = try await TestDatabase.postgres.open()
        let counts = try await database.read { connection in
            try (0..<StorageLimits.preparedStatements + 20).map { index in
                _ = try connection.query("SELECT \(index) AS number")
                return try connection.first("SELECT COUNT(*) AS n FROM pg_prepared_statements")?.int("n") ?? 0
            }
        }
        // The statement that counts is itself being prepared when it looks for the first time.
        #expect(
            (StorageLimits.preparedStatements - 3...StorageLimits.preparedStatements).contains(Int(counts.max() ?? 0))
        )
        #expect((counts.last ?? .max) < 40)
    }

    @Test func aReadThatFindsNoFreeConnectionIsRefusedInTime() async throws {
        let database = try await TestDatabase.postgres.open()
        let gate = DispatchSemaphore(value: 0)
        let entered = DispatchSemaphore(value: 0)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<StorageLimits.readers {
                group.addTask {
                    try await database.read { connection in
                        _ = try connection.query("SELECT 1 AS one")
                        entered.signal()
                        gate.wait()
                    }
                }
            }
            for _ in 0..<StorageLimits.readers { try await BlockingWork.run { entered.wait() } }
            let started = ContinuousClock.now
            let failure = await #expect(throws: MartletError.self) { try await database.read { _ in } }
            let waited = (ContinuousClock.now - started) / .seconds(1)
            #expect(failure?.code == .unavailable)
            #expect(waited >= StorageLimits.readerWaitSeconds - 0.1)
            for _ in 0..<StorageLimits.readers { gate.signal() }
            try await group.waitForAll()
        }
        #expect(try await database.read { try $0.query("SELECT 1 AS one").count } == 1)
    }

    @Test func theServersOwnLimitsAreSet() async throws {
        let database = try await TestDatabase.postgres.open()
        let settings: [(name: String, milliseconds: Int)] = [
            ("lock_timeout", Int(StorageLimits.busySeconds * 1000)),
            ("idle_in_transaction_session_timeout", StorageLimits.idleTransactionSeconds * 1000),
            ("tcp_keepalives_idle", StorageLimits.keepaliveSeconds),
        ]
        for (name, value) in settings {
            let row = try await database.read { connection in
                try connection.first("SELECT setting FROM pg_settings WHERE name = ?", [.text(name)])
            }
            #expect(try row?.text("setting") == String(value))
        }
    }

    @Test func aServerThatIsSilentIsGivenUpInTime() async throws {
        let silent = try SilentListener()
        let connector = PostgresConnector(address: try PostgresAddress("postgres://u:p@127.0.0.1:\(silent.port)/d"))
        let attempts = try await BlockingWork.run {
            let first = Self.seconds { try connector.check("SELECT 1", answerSeconds: 1) }
            // Right after a failure nobody waits for another one.
            let second = Self.seconds { try connector.check("SELECT 1", answerSeconds: 1) }
            Thread.sleep(forTimeInterval: StorageLimits.reconnectSeconds)
            return [first, second, Self.seconds { try connector.check("SELECT 1", answerSeconds: 1) }]
        }
        #expect(attempts.map(\.1?.code) == [.unavailable, .unavailable, .unavailable])
        let limit = StorageLimits.connectSeconds
        #expect((limit - 0.1..<limit + Self.slack).contains(attempts[0].0))
        #expect(attempts[1].0 < limit / 2)
        #expect(attempts[2].0 >= limit - 0.1)
    }

    @Test func anOpeningWaitsLongerThanARequest() async throws {
        let silent = try SilentListener()
        let (waited, failure) = try await BlockingWork.run {
            Self.seconds { _ = try Database.open(postgres: "postgres://u:p@127.0.0.1:\(silent.port)/d") }
        }
        #expect(failure?.code == .unavailable)
        #expect((StorageLimits.openSeconds - 0.1..<StorageLimits.openSeconds + Self.slack).contains(waited))
    }

    @Test func anAnswerIsWaitedForSoLong() async throws {
        let connector = PostgresConnector(address: try PostgresAddress(TestDatabase.postgresURL()))
        let limit = StorageLimits.leaderAnswerSeconds
        #expect(limit < StorageLimits.readSeconds && StorageLimits.readSeconds < StorageLimits.writeSeconds)
        let (waited, failure) = try await BlockingWork.run {
            Self.seconds { try connector.check("SELECT pg_sleep(30)", answerSeconds: limit) }
        }
        #expect(failure?.code == .deadlineExceeded)
        #expect((limit - 0.1..<limit + Self.slack).contains(waited))
        try connector.check("SELECT pg_sleep(0.01)", answerSeconds: limit)
    }

    @Test func aKeyPastWhatAnIndexTakesIsRefused() async throws {
        let database = try await TestDatabase.postgres.open()
        try await database.migrate([
            Migration(id: "limits-0001", statements: ["CREATE TABLE item (name TEXT PRIMARY KEY)"])
        ])
        // Not compressible, so that its length counts.
        let long = (0..<200).map { _ in Identifier.random() }.joined()
        let error = await #expect(throws: MartletError.self) {
            try await database.write { try $0.execute("INSERT INTO item (name) VALUES (?)", [.text(long)]) }
        }
        #expect(error?.code == .invalidArgument)
    }
}

/// A port that accepts connections and never says a word.
private final class SilentListener: Sendable {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        #if canImport(Glibc)
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #else
        descriptor = socket(AF_INET, SOCK_STREAM, 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let descriptor = descriptor
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { place in
                bind(descriptor, place, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, place, &length) == 0
            }
        }
        guard isListening else { throw MartletError(.unavailable, "No port to listen on.") }
        port = UInt16(bigEndian: address.sin_port)
    }

    deinit {
        close(descriptor)
    }
}
