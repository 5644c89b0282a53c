import Core
import Dispatch
import Storage
import Synchronization
import Testing

/// Each limit of the database layer, at it and past it.
@Suite struct StorageLimitsTests {
    private func open() async throws -> Database {
        let database = try Database.open(path: DatabaseContract.temporaryPath())
        try await database.migrate([
            Migration(id: "limits-0001", statements: ["CREATE TABLE item (id BIGINT PRIMARY KEY)"])
        ])
        return database
    }

    private func insert(_ id: Int, into database: Database) async throws {
        try await database.write { connection in
            try connection.execute("INSERT INTO item (id) VALUES (?)", [.integer(Int64(id))])
        }
    }

    private func isAccepted(by database: Database) async -> Bool {
        do throws(MartletError) {
            try await database.write { _ in }
            return true
        } catch {
            #expect(error.code == .unavailable)
            return false
        }
    }

    @Test func aStatementTakesSoManyValues() async throws {
        let database = try await open()
        let most = Array(repeating: SQLValue.integer(1), count: StorageLimits.boundValues)
        let marks = Array(repeating: "?", count: most.count).joined(separator: ",")
        let found = try await database.read { try $0.query("SELECT 1 AS one WHERE 1 IN (\(marks))", most) }
        #expect(found.count == 1)
        let error = await #expect(throws: MartletError.self) {
            try await database.read { try $0.query("SELECT 1 WHERE 1 IN (\(marks),?)", most + [.integer(1)]) }
        }
        #expect(error?.code == .invalidArgument)
    }

    @Test func moreWritesThanOneCommitTakesAreAllKept() async throws {
        let database = try await open()
        let count = StorageLimits.writesPerCommit * 2 + 1
        try await withThrowingTaskGroup(of: Void.self) { group in
            for id in 0..<count {
                group.addTask { try await insert(id, into: database) }
            }
            try await group.waitForAll()
        }
        let row = try await database.read { try $0.first("SELECT COUNT(*) AS n FROM item") }
        #expect(try row?.int("n") == Int64(count))
    }

    @Test func oneWriteMoreThanMayWaitIsRefused() async throws {
        let database = try await open()
        let gate = DispatchSemaphore(value: 0)
        let entered = AsyncStream.makeStream(of: Void.self)
        let excess = 3
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await database.write { _ in
                    entered.continuation.finish()
                    gate.wait()
                }
                return true
            }
            for await _ in entered.stream {}
            for _ in 0..<(StorageLimits.pendingWrites + excess) {
                group.addTask { await isAccepted(by: database) }
            }
            var refused = 0
            var accepted = 0
            while let wasAccepted = try await group.next() {
                if wasAccepted { accepted += 1 } else { refused += 1 }
                if refused == excess, accepted == 0 { gate.signal() }
            }
            #expect(refused == excess)
            #expect(accepted == StorageLimits.pendingWrites + 1)
        }
    }

    @Test func onlySoManyReadAtTheSameTime() async throws {
        let database = try await open()
        let reading = ReaderCount()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<(StorageLimits.readers * 10) {
                group.addTask { try await read(database, counting: reading) }
            }
            try await group.waitForAll()
        }
        #expect((1...StorageLimits.readers).contains(reading.most))
    }

    private func read(_ database: Database, counting reading: ReaderCount) async throws {
        try await database.read { connection in
            reading.change(by: 1)
            _ = try connection.query("SELECT id FROM item")
            reading.change(by: -1)
        }
    }

    @Test func aLockOfAnotherProcessIsWaitedFor() async throws {
        let database = try await open()
        let row = try await database.write { try $0.first("SELECT timeout FROM pragma_busy_timeout") }
        #expect(try row?.int("timeout") == Int64(StorageLimits.busySeconds * 1000))
    }
}

/// How many reads are under way, and the most there were at once.
private final class ReaderCount: Sendable {
    private let state = Mutex((now: 0, most: 0))

    var most: Int { state.withLock(\.most) }

    func change(by difference: Int) {
        state.withLock { $0 = ($0.now + difference, max($0.most, $0.now + difference)) }
    }
}
