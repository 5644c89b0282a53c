import Core
import Dispatch
import Foundation
import Storage
import TestSupport
import Testing

/// What every database must do; runs over each way to open one.
@Suite struct DatabaseContract {
    enum Kind: CaseIterable {
        case file
        case memory
        case postgres

        func open() async throws -> Database {
            switch self {
            case .file: try Database.open(path: DatabaseContract.temporaryPath())
            case .memory: try await TestDatabase.sqlite.open()
            case .postgres: try await TestDatabase.postgres.open()
            }
        }
    }

    private static let table = Migration(
        id: "test-0001",
        statements: [
            """
            CREATE TABLE item (
                id BIGINT PRIMARY KEY, name TEXT UNIQUE, weight DOUBLE PRECISION, data BLOB, flag INTEGER,
                parent BIGINT REFERENCES item (id)) WITHOUT ROWID
            """
        ]
    )

    private func open(_ kind: Kind) async throws -> Database {
        let database = try await kind.open()
        try await database.migrate([Self.table])
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
    func numbersOfEverySizeComeBack(kind: Kind) async throws {
        let database = try await open(kind)
        let numbers: [Double] = [
            0, 1, -1.5, .pi, 1e-300, -1e300, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .infinity,
            -.infinity,
        ]
        let wholes: [Int64] = [0, -1, .min, .max]
        try await database.write { connection in
            for (id, number) in numbers.enumerated() {
                try connection.execute("INSERT INTO item (id, weight) VALUES (?, ?)", [.int(id), .real(number)])
            }
            try connection.execute("INSERT INTO item (id, weight) VALUES (100, ?)", [.real(.nan)])
            for whole in wholes where whole != 0 {
                try connection.execute("INSERT INTO item (id, flag) VALUES (?, ?)", [.integer(whole), 1])
            }
        }
        let found = try await database.read { connection in
            try connection.query("SELECT weight FROM item WHERE id >= 0 AND id <= 100 AND flag IS NULL ORDER BY id")
        }
        #expect(try found.dropLast().map { try $0.double("weight").bitPattern } == numbers.map(\.bitPattern))
        #expect(found.last?.optionalDouble("weight") == nil)
        let ids = try await database.read { try $0.query("SELECT id FROM item WHERE flag = 1 ORDER BY id") }
        #expect(try ids.map { try $0.int("id") } == [.min, -1, .max])
    }

    @Test(arguments: Kind.allCases)
    func aggregatesAreNumbers(kind: Kind) async throws {
        let database = try await open(kind)
        try await database.write { connection in
            for id in 1...4 {
                let values: [SQLValue] = [.int(id), .real(Double(id) / 2)]
                try connection.execute("INSERT INTO item (id, weight) VALUES (?, ?)", values)
            }
        }
        let row = try await database.read { connection in
            try connection.first(
                """
                SELECT COUNT(*) AS count, SUM(id) AS sum, SUM(id * 1000000) AS large, AVG(id) AS mean, MAX(weight) AS most,
                    SUM(weight) AS total, MIN(id) - 3 AS below, SUM(id - id) AS zero, COUNT(*) > 3 AS many,
                    CAST(COUNT(*) AS INTEGER) AS cast_count
                FROM item
                """
            )
        }
        let found = try #require(row)
        #expect(found["count"] == 4)
        #expect(found["sum"] == 10)
        #expect(found["large"] == 10_000_000)
        #expect(try found.double("mean") == 2.5)
        #expect(found["most"] == 2.0)
        #expect(found["total"] == 5.0)
        #expect(found["below"] == -2)
        #expect(found["zero"] == 0)
        #expect(found["many"] == 1)
        #expect(found["cast_count"] == 4)
    }

    @Test(arguments: Kind.allCases)
    func textComparesBytewise(kind: Kind) async throws {
        let database = try await open(kind)
        let names = ["a", "B", "ä", "Z", "_", "A", "a b", "aB", "ab", "-a", "10", "9"]
        try await database.write { connection in
            for (id, name) in names.enumerated() {
                try connection.execute("INSERT INTO item (id, name) VALUES (?, ?)", [.int(id), .text(name)])
            }
        }
        let rows = try await database.read { try $0.query("SELECT name FROM item ORDER BY name") }
        let bytewise = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        #expect(try rows.map { try $0.text("name") } == bytewise)
        let above = try await database.read { try $0.query("SELECT name FROM item WHERE name > ?", ["a"]) }
        #expect(Set(try above.map { try $0.text("name") }) == ["ä", "a b", "aB", "ab"])
    }

    @Test(arguments: Kind.allCases)
    func patternsMatchAlike(kind: Kind) async throws {
        let database = try await open(kind)
        let names = ["Loss", "loss", #"a\b"#, #"a\\b"#, "100%", "Ärger", "ärger", "x_y", "xzy", "it's", ""]
        try await database.write { connection in
            for (id, name) in names.enumerated() {
                try connection.execute("INSERT INTO item (id, name) VALUES (?, ?)", [.int(id), .text(name)])
            }
        }
        func matches(_ condition: String, _ arguments: [SQLValue] = []) async throws -> Set<String> {
            let sql = "SELECT name FROM item WHERE \(condition)"
            return Set(try await database.read { try $0.query(sql, arguments).map { try $0.text("name") } })
        }
        #expect(try await matches("name LIKE ?", ["l%"]) == ["loss"])
        #expect(try await matches("LOWER(name) LIKE LOWER(?)", ["LO%"]) == ["Loss", "loss"])
        #expect(try await matches("LOWER(name) LIKE LOWER(?)", ["Ä%"]) == ["Ärger"])
        #expect(try await matches("name LIKE ?", [#"a\b"#]) == [#"a\b"#])
        #expect(try await matches("name LIKE ?", [#"%\%"#]) == [#"a\b"#, #"a\\b"#])
        #expect(try await matches("name LIKE ?", ["x_y"]) == ["x_y", "xzy"])
        #expect(try await matches(#"name LIKE ? ESCAPE '\'"#, [#"x\_y"#]) == ["x_y"])
        #expect(try await matches("name LIKE 'it''s' OR name NOT LIKE '%'") == ["it's"])
        #expect(try await matches("name LIKE (? || '%') AND name <> '?' -- really?", ["100"]) == ["100%"])
    }

    @Test(arguments: Kind.allCases)
    func oneStatementServesEveryMixOfNull(kind: Kind) async throws {
        let database = try await open(kind)
        try await database.write { connection in
            for id in 0..<16 {
                let values: [SQLValue] = [
                    .int(id), id & 1 == 0 ? .null : .text("n\(id)"), id & 2 == 0 ? .null : .real(Double(id)),
                    id & 4 == 0 ? .null : .blob([UInt8(id)]), id & 8 == 0 ? .null : .int(id),
                ]
                let sql = "INSERT INTO item (id, name, weight, data, flag) VALUES (?, ?, ?, ?, ?)"
                try connection.execute(sql, values)
            }
        }
        let rows = try await database.read { try $0.query("SELECT * FROM item ORDER BY id") }
        #expect(rows.count == 16)
        for (id, row) in rows.enumerated() {
            #expect(row["name"] == (id & 1 == 0 ? .null : .text("n\(id)")))
            #expect(row["weight"] == (id & 2 == 0 ? .null : .real(Double(id))))
            #expect(row["data"] == (id & 4 == 0 ? .null : .blob([UInt8(id)])))
            #expect(row["flag"] == (id & 8 == 0 ? .null : .int(id)))
        }
    }

    @Test(arguments: Kind.allCases)
    func changesAreCounted(kind: Kind) async throws {
        let database = try await open(kind)
        let changes = try await database.write { connection in
            try [
                connection.execute("INSERT INTO item (id) VALUES (1), (2), (3)"),
                connection.execute("UPDATE item SET name = NULL WHERE id > ?", [1]),
                connection.execute("INSERT INTO item (id) VALUES (1) ON CONFLICT (id) DO NOTHING"),
                connection.execute("DELETE FROM item"),
            ]
        }
        #expect(changes == [3, 2, 0, 3])
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
    func aRefusedStatementFailsOnlyItsWrite(kind: Kind) async throws {
        let database = try await open(kind)
        let failures = await withTaskGroup(of: Bool.self) { group in
            for id in 0..<60 {
                group.addTask {
                    do {
                        try await database.write { connection in
                            try connection.execute("INSERT INTO item (id) VALUES (?)", [.int(id)])
                            if id % 2 == 1 { try connection.execute("INSERT INTO item (id) VALUES (?)", [.int(id)]) }
                        }
                        return false
                    } catch {
                        return true
                    }
                }
            }
            return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        let count = try await database.read { try $0.first("SELECT COUNT(*) AS n FROM item")?.int("n") }
        #expect(failures == 30)
        #expect(count == 30)
    }

    @Test(arguments: Kind.allCases)
    func brokenRulesAreReportedAsSuch(kind: Kind) async throws {
        let database = try await open(kind)
        try await database.write { try $0.execute("INSERT INTO item (id, name) VALUES (1, 'a')") }
        let cases: [(sql: String, code: MartletError.Code)] = [
            ("INSERT INTO item (id) VALUES (1)", .alreadyExists),
            ("INSERT INTO item (id, name) VALUES (2, 'a')", .alreadyExists),
            ("INSERT INTO item (id, parent) VALUES (3, 4)", .failedPrecondition),
            ("INSERT INTO absent (id) VALUES (3)", .internal),
        ]
        for (sql, code) in cases {
            let error = await #expect(throws: MartletError.self) {
                try await database.write { try $0.execute(sql) }
            }
            #expect(error?.code == code)
        }
        #expect(try await database.read { try $0.query("SELECT id FROM item").count } == 1)
    }

    @Test(arguments: Kind.allCases)
    func aReadSeesOneMoment(kind: Kind) async throws {
        guard kind != .memory else { return }
        let database = try await open(kind)
        let (reading, written) = (DispatchSemaphore(value: 0), DispatchSemaphore(value: 0))
        async let counts = database.read { connection in
            let before = try connection.query("SELECT id FROM item").count
            reading.signal()
            written.wait()
            return [before, try connection.query("SELECT id FROM item").count]
        }
        try await BlockingWork.run { reading.wait() }
        try await database.write { try $0.execute("INSERT INTO item (id) VALUES (1)") }
        written.signal()
        let seen = try await counts
        #expect(seen == [0, 0])
        #expect(try await database.read { try $0.query("SELECT id FROM item").count } == 1)
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
