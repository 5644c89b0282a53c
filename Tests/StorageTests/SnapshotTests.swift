import Core
import Foundation
import Storage
import TestSupport
import Testing

@Suite struct SnapshotTests {
    private static func folder() throws -> String {
        let base = FileManager.default.temporaryDirectory.path(percentEncoded: false)
        let folder = "\(base)/martlet-snapshot-\(Identifier.random())"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        return folder
    }

    @Test func aCopyIsTheStateOfItsMoment() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let database = try Database.open(path: "\(folder)/a.db")
        try await database.write { connection in
            try connection.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, text TEXT)")
            // More than are copied in one step.
            for id in 0..<Int64(StorageLimits.snapshotPages) / 4 {
                try connection.execute(
                    "INSERT INTO t VALUES (?, ?)",
                    [.integer(id), .text(String(repeating: "p", count: 20_000))]
                )
            }
        }
        let count = Int64(StorageLimits.snapshotPages) / 4
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await database.copy(to: "\(folder)/b.db") }
            group.addTask {
                for id in count..<count + 50 {
                    try await database.write { try $0.execute("INSERT INTO t VALUES (?, 'n')", [.integer(id)]) }
                }
            }
            try await group.waitForAll()
        }
        let copy = try Database.open(path: "\(folder)/b.db")
        let ids = try await copy.read { try $0.query("SELECT id FROM t ORDER BY id").map { try $0.int("id") } }
        #expect(ids == Array(0..<Int64(ids.count)))
        #expect(ids.count >= count)
        try await copy.close()
        let again = await #expect(throws: MartletError.self) { try await database.copy(to: "\(folder)/b.db") }
        #expect(again?.code == .alreadyExists)
        try await database.close()
    }

    @Test func onlyAFileCanBeCopied() async throws {
        let database = try Database.inMemory()
        let refusal = await #expect(throws: MartletError.self) { try await database.copy(to: "/nowhere/x.db") }
        #expect(refusal?.code == .failedPrecondition)
        #expect(throws: MartletError.self) { _ = try DatabaseLog(database) }
        await #expect(throws: MartletError.self) { _ = try await database.exportRows(to: "/nowhere/x.rows") }
    }

    /// Where a log goes on that was moved into the database; what was held still for that is let go.
    private static func start(of log: DatabaseLog) async throws -> LogPosition {
        let moment = try await log.moment()
        #expect(moment.isMoved)
        return try #require(moment.position)
    }

    @Test func theLogTellsWhatWasCommitted() async throws {
        let folder = try Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let database = try Database.open(path: "\(folder)/a.db")
        try await database.write { try $0.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, text TEXT)") }
        let log = try DatabaseLog(database)
        try await log.takeOver()
        let start = try await Self.start(of: log)
        #expect(try await log.news(since: start) == .until(start))
        // More than is read at a time.
        let text = String(repeating: "t", count: StorageLimits.logReadBytes)
        try await database.write { try $0.execute("INSERT INTO t VALUES (1, ?)", [.text(text)]) }
        guard case .begun(let begun) = try await log.news(since: start) else {
            Issue.record("everything had been moved, so the log was begun anew")
            return
        }
        guard case .until(let end) = try await log.news(since: begun) else {
            Issue.record("the log goes on")
            return
        }
        #expect(end.offset > Int64(StorageLimits.logReadBytes))
        let rest = try #require(try await log.move(after: end, limit: 0))
        #expect(rest.bytes == [])
        #expect(rest.isMoved)
        let tooMuch = try #require(try await log.move(after: begun, limit: 10))
        #expect(tooMuch.bytes == nil)
        try await log.release()
        try await database.close()
    }
}
