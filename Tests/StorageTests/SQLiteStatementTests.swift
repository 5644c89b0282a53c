import Core
import Foundation
import Storage
import Testing

/// Statements on SQLite's own interface: kept, replaced, nested, refused.
@Suite struct SQLiteStatementTests {
    private static func file() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString).db").path
    }

    private static func remove(_ path: String) {
        for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
    }

    @Test func moreStatementsThanAreKept() async throws {
        let database = try Database.inMemory()
        try await database.read { connection in
            for round in 0..<2 {
                for number in 0...StorageLimits.sqliteStatements {
                    let row = try connection.first("SELECT ? AS a, \(number) AS b", [.int(round)])
                    #expect(try row?.int("a") == Int64(round))
                    #expect(try row?.int("b") == Int64(number))
                }
            }
        }
        try await database.close()
    }

    @Test func aQueryWithinItself() async throws {
        let database = try Database.inMemory()
        let pairs = try await database.read { connection in
            var pairs: [String] = []
            let sql = "SELECT 1 AS n UNION ALL SELECT 2 UNION ALL SELECT ?"
            try connection.forEach(sql, [3]) { outer in
                let first = try outer.int(0)
                try connection.forEach(sql, [4]) { inner in pairs.append("\(first)\(try inner.int(0))") }
                #expect(try connection.query(sql, [5]).count == 3)
            }
            return pairs
        }
        #expect(pairs == ["11", "12", "14", "21", "22", "24", "31", "32", "34"])
        try await database.close()
    }

    @Test func aCursorReadsEveryKindOfValue() async throws {
        let database = try Database.inMemory()
        try await database.read { connection in
            var rows = 0
            try connection.forEach("SELECT 'ä', 7, 1.5, NULL, ?, ?", [.blob([1, 0]), ""]) { row in
                rows += 1
                let texts = (try row.text(0), try row.text(5))
                #expect(texts == ("ä", ""))
                let numbers = (try row.int(1), try row.double(1), try row.double(2))
                #expect(numbers == (7, 7, 1.5))
                #expect(row.optionalInt(3) == nil)
                #expect(row.optionalText(3) == nil)
                #expect(row[4] == .blob([1, 0]))
                #expect(row[9] == .null)
                #expect(throws: MartletError.self) { try row.text(1) }
                #expect(throws: MartletError.self) { try row.int(0) }
                #expect(throws: MartletError.self) { try row.double(3) }
            }
            #expect(rows == 1)
        }
    }

    @Test func wrongStatementsAreRefusedAndTheConnectionGoesOn() async throws {
        let database = try Database.inMemory()
        try await database.read { connection in
            #expect(throws: MartletError.self) { try connection.query("SELECT ? AS a", []) }
            #expect(throws: MartletError.self) { try connection.query("SELEKT 1") }
            #expect(throws: MartletError.self) { try connection.query("SELECT 1 FROM absent") }
            let row = try connection.first("SELECT ? AS a", [1])
            #expect(row?.optionalInt("a") == 1)
        }
    }

    @Test func aBodyThatThrowsEndsItsQuery() async throws {
        struct Stop: Error {}
        let database = try Database.inMemory()
        try await database.write { connection in
            try connection.execute("CREATE TABLE t (n BIGINT)")
            try connection.execute("INSERT INTO t VALUES (1), (2)")
            #expect(throws: Stop.self) { try connection.forEach("SELECT n FROM t") { _ in throw Stop() } }
            try connection.execute("DELETE FROM t")
        }
        #expect(try await database.read { try $0.query("SELECT n FROM t").count } == 0)
    }

    @Test func aFileIsSetUpByTheLimits() async throws {
        let path = Self.file()
        defer { Self.remove(path) }
        let database = try Database.open(path: path)
        let written = try await database.write { connection in
            [
                try connection.first("PRAGMA wal_autocheckpoint")?[at: 0],
                try connection.first("PRAGMA cache_size")?[at: 0],
                try connection.first("PRAGMA synchronous")?[at: 0], try connection.first("PRAGMA temp_store")?[at: 0],
            ]
        }
        #expect(written == [.int(StorageLimits.checkpointPages), .int(-StorageLimits.writerCacheKiB), 2, 2])
        let read = try await database.read { try $0.first("PRAGMA cache_size")?[at: 0] }
        #expect(read == .int(-StorageLimits.readerCacheKiB))
        try await database.close()
    }

    @Test func aFileThatWasReadAndWrittenCloses() async throws {
        let path = Self.file()
        defer { Self.remove(path) }
        let database = try Database.open(path: path)
        try await database.write { connection in
            try connection.execute("CREATE TABLE t (n BIGINT)")
            try connection.execute("INSERT INTO t VALUES (?)", [1])
        }
        try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<40 { group.addTask { try await database.read { try $0.query("SELECT n FROM t").count } } }
            for try await count in group { #expect(count == 1) }
        }
        // With a statement left open this would fail.
        try await database.close()
        await #expect(throws: MartletError.self) { try await database.read { try $0.query("SELECT n FROM t") } }
    }
}
