import Core
import Storage
import Testing

@Suite struct KeysetPageTests {
    private let database: Database

    init() async throws {
        database = try Database.inMemory()
        try await database.migrate([
            Migration(
                id: "test-0001",
                statements: [
                    "CREATE TABLE things (id BIGINT PRIMARY KEY, name TEXT NOT NULL, score DOUBLE PRECISION NOT NULL)"
                ]
            )
        ])
        try await insert((1...20).map { ($0, "n\($0 % 3)", Double($0 % 4) / 3) })
    }

    private func insert(_ things: [(Int, String, Double)]) async throws {
        try await database.write { connection in
            for (id, name, score) in things {
                try connection.execute("INSERT INTO things VALUES (?, ?, ?)", [.int(id), .text(name), .real(score)])
            }
        }
    }

    private func page(_ limit: Int, query: String = "all") -> KeysetPage {
        KeysetPage(
            keys: [
                KeysetPage.Key("name", isAscending: false), KeysetPage.Key("score", isAscending: true),
                KeysetPage.Key("id", isAscending: true),
            ],
            limit: limit,
            query: [query]
        )
    }

    private func rows(_ page: KeysetPage, after token: String?) async throws -> (ids: [Int64], next: String?) {
        try await database.read { connection in
            let result = try page.rows(
                connection,
                columns: "id",
                source: SQLFragment("things"),
                condition: SQLFragment("id > ?", [0]),
                after: token
            )
            return (try result.rows.map { try $0.int("id") }, result.nextToken)
        }
    }

    private func everything(_ limit: Int, between: () async throws -> Void = {}) async throws -> [Int64] {
        var ids: [Int64] = []
        var token: String?
        repeat {
            let result = try await rows(page(limit), after: token)
            ids += result.ids
            token = result.next
            if token != nil { try await between() }
        } while token != nil
        return ids
    }

    @Test func pagesOfEverySizeAreTheSameWhole() async throws {
        let whole = try await everything(100)
        #expect(whole.count == 20)
        for limit in 1...21 { #expect(try await everything(limit) == whole, "\(limit)") }
    }

    @Test func insertsBetweenPagesNeitherSkipNorRepeat() async throws {
        let before = try await everything(100)
        var next = 100
        let found = try await everything(3) {
            next += 2
            // One row that sorts before everything, one that sorts after.
            try await insert([(next, "n9", 0), (next + 1, "a", 0)])
        }
        #expect(found.filter { $0 <= 20 } == before)
        #expect(Set(found).count == found.count)
    }

    @Test func foreignTokensAreRefused() async throws {
        let token = try #require(try await rows(page(2), after: nil).next)
        for bad in [token + "A", "x", "", String(repeating: "A", count: 200_000), PageToken.encode(["offset": -1])] {
            await #expect(throws: MartletError.self) { _ = try await rows(page(2), after: bad) }
        }
        await #expect(throws: MartletError.self) { _ = try await rows(page(2, query: "other"), after: token) }
        #expect(try await rows(page(5), after: token).ids.count == 5)
    }

    /// The longest possible token still fits what `PageToken` accepts.
    @Test func tokensStayShort() async throws {
        let text = String(repeating: "😀", count: SearchLimits.sortTextCharacters)
        let keys = (0..<SearchLimits.orderEntries).flatMap { _ in
            [
                KeysetPage.Key("0", isAscending: true),
                KeysetPage.Key("SUBSTR(name, 1, \(SearchLimits.sortTextCharacters))", isAscending: true),
            ]
        }
        try await insert([(1000, text + "x", 0), (1001, text + "y", 0)])
        let page = KeysetPage(keys: keys + [KeysetPage.Key("id", isAscending: true)], limit: 1, query: ["long"])
        let token = try await database.read { connection in
            try page.rows(
                connection,
                columns: "id",
                source: SQLFragment("things"),
                condition: SQLFragment("id >= ?", [1000]),
                after: nil
            ).nextToken
        }
        let first = try #require(token)
        #expect(first.utf8.count <= CoreLimits.pageTokenBytes)
        #expect(throws: Never.self) { try PageToken.decode(first) }
    }

    @Test func likeTellsCaseApart() async throws {
        let found = try await database.read { connection in
            try connection.query("SELECT id FROM things WHERE name LIKE 'N%'").count
        }
        #expect(found == 0)
    }
}
