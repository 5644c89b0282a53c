import Core
import Foundation
import Storage
import Testing

/// What every database must do; runs over each way to open one.
@Suite struct DatabaseContract {
    enum Kind: CaseIterable {
        case file
        case memory
    }

    private func open(_ kind: Kind) async throws -> Database {
        let database =
            switch kind {
            case .file: try Database.open(path: Self.temporaryPath())
            case .memory: try Database.inMemory()
            }
        try await database.migrate([
            Migration(
                id: "test-0001",
                statements: [
                    "CREATE TABLE item (id BIGINT PRIMARY KEY, name TEXT UNIQUE, weight DOUBLE PRECISION, data BLOB)"
                ]
            )
        ])
        return database
    }

    static func temporaryPath() -> String {
        FileManager.default.temporaryDirectory.appendingPathComponent("martlet-\(UUID().uuidString).db").path
    }

    @Test(arguments: Kind.allCases)
    func valuesComeBackAsTheyWent(kind: Kind) async throws {
        let database = try await open(kind)
        try await database.write { connection in
            try connection.execute(
                "INSERT INTO item (id, name, weight, data) VALUES (?, ?, ?, ?)",
                [.integer(.max), "ä'; --", 1.5, .blob([0, 255])]
            )
            try connection.execute("INSERT INTO item (id) VALUES (?)", [1])
        }
        let rows = try await database.read { try $0.query("SELECT * FROM item ORDER BY id") }
        #expect(rows.count == 2)
        #expect(rows[0].optionalText("name") == nil)
        #expect(try rows[1].int("id") == .max)
        #expect(try rows[1].text("name") == "ä'; --")
        #expect(try rows[1].double("weight") == 1.5)
        #expect(try rows[1].blob("data") == [0, 255])
        #expect(throws: MartletError.self) { try rows[0].text("name") }
        #expect(throws: MartletError.self) { try rows[0].text("absent") }
    }

    @Test(arguments: Kind.allCases)
    func aFailedWriteLeavesNothing(kind: Kind) async throws {
        let database = try await open(kind)
        await #expect(throws: MartletError.self) {
            try await database.write { connection in
                try connection.execute("INSERT INTO item (id) VALUES (1)")
                throw MartletError(.invalidArgument, "no")
            }
        }
        let count = try await database.read { try $0.first("SELECT count(*) AS n FROM item")?.int("n") }
        #expect(count == 0)
    }

    @Test(arguments: Kind.allCases)
    func concurrentWritesFailAlone(kind: Kind) async throws {
        let database = try await open(kind)
        let failures = await withTaskGroup(of: Bool.self) { group in
            for id in 0..<200 {
                group.addTask {
                    do {
                        try await database.write { connection in
                            try connection.execute("INSERT INTO item (id) VALUES (?)", [.int(id)])
                            if id % 3 == 0 { throw MartletError(.invalidArgument, "every third") }
                        }
                        return false
                    } catch {
                        return true
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        let ids = try await database.read { try $0.query("SELECT id FROM item").map { try $0.int("id") } }
        #expect(failures == 67)
        #expect(Set(ids) == Set((0..<200).filter { $0 % 3 != 0 }.map(Int64.init)))
    }

    @Test(arguments: Kind.allCases)
    func uniqueKeysAreReportedAsSuch(kind: Kind) async throws {
        let database = try await open(kind)
        try await database.write { try $0.execute("INSERT INTO item (id, name) VALUES (1, 'a')") }
        for sql in ["INSERT INTO item (id) VALUES (1)", "INSERT INTO item (id, name) VALUES (2, 'a')"] {
            let error = await #expect(throws: MartletError.self) {
                try await database.write { try $0.execute(sql) }
            }
            #expect(error?.code == .alreadyExists)
        }
    }

    @Test(arguments: Kind.allCases)
    func migrationsApplyOnceAndNewerSchemasAreRefused(kind: Kind) async throws {
        let database = try await open(kind)
        let first = Migration(id: "test-0001", statements: ["this is not run again"])
        let second = Migration(id: "test-0002", statements: ["CREATE TABLE other (id BIGINT)"])
        try await database.migrate([first, second])
        try await database.migrate([first, second])
        let error = await #expect(throws: MartletError.self) { try await database.migrate([first]) }
        #expect(error?.code == .failedPrecondition)
    }

    @Test func aWriteSurvivesReopening() async throws {
        let path = Self.temporaryPath()
        let migration = Migration(id: "a", statements: ["CREATE TABLE kept (id BIGINT)"])
        let first = try Database.open(path: path)
        try await first.migrate([migration])
        try await first.write { try $0.execute("INSERT INTO kept VALUES (7)") }
        try await first.close()
        let second = try Database.open(path: path)
        #expect(try await second.read { try $0.first("SELECT id FROM kept")?.int("id") } == 7)
    }

    @Test func aFileThatIsNoDatabaseIsRefused() throws {
        let path = Self.temporaryPath()
        try Data(repeating: 0x41, count: 8192).write(to: URL(fileURLWithPath: path))
        let error = #expect(throws: MartletError.self) { try Database.open(path: path) }
        #expect(error?.code == .dataLoss)
        #expect(error?.message.contains(path) == false)
    }
}
