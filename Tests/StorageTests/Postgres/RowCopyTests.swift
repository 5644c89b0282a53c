import Core
import Foundation
import Storage
import TestSupport
import Testing

@Suite struct RowCopyTests {
    private static func path() -> String {
        let base = FileManager.default.temporaryDirectory.path(percentEncoded: false)
        return "\(base)/martlet-rows-\(Identifier.random()).rows"
    }

    private static let steps = [
        Migration(
            id: "rows-1",
            statements: [
                "CREATE TABLE parents (name TEXT PRIMARY KEY, size DOUBLE PRECISION, data BLOB)",
                "CREATE TABLE children (id BIGINT PRIMARY KEY, parent TEXT NOT NULL REFERENCES parents (name), flag INTEGER)",
                "CREATE INDEX children_parent ON children (parent, id)",
            ],
            postgres: [
                "CREATE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'append only'; END $$ LANGUAGE plpgsql",
                "CREATE TRIGGER children_stay BEFORE DELETE ON children FOR EACH ROW EXECUTE FUNCTION refuse()",
            ]
        )
    ]

    @Test func rowsKeysIndexesAndTriggersAreTheSameElsewhere() async throws {
        guard ProcessInfo.processInfo.environment["MARTLET_TEST_DATABASE"] != "sqlite" else { return }
        let source = try await TestDatabase.postgres.open()
        try await source.migrate(Self.steps)
        // More than are read, and more than are bound, at a time.
        let count = Int64(max(StorageLimits.rowsPerFetch * 2, StorageLimits.rowValuesPerInsert / 3) + 7)
        try await source.write { connection in
            try connection.execute(
                "INSERT INTO parents VALUES (?, ?, ?)",
                [.text("Größe '\"?"), .real(.infinity), .blob([0, 255, 10])]
            )
            try connection.execute("INSERT INTO parents VALUES ('none', NULL, NULL)")
            for id in 0..<count {
                try connection.execute(
                    "INSERT INTO children VALUES (?, 'none', ?)",
                    [.integer(id), id % 3 == 0 ? .null : .integer(id % 2)]
                )
            }
        }
        let path = Self.path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        let copy = try await source.exportRows(to: path)
        #expect(copy.schema == ["rows-1"])
        #expect(copy.counts.first { $0.table == "children" }?.rows == count)

        let target = try await TestDatabase.postgres.open()
        try await target.importRows(from: path)
        for query in ["SELECT * FROM parents ORDER BY name", "SELECT * FROM children ORDER BY id"] {
            let expected = try await source.read { try $0.query(query).map { "\($0)" } }
            #expect(try await target.read { try $0.query(query).map { "\($0)" } } == expected)
        }
        #expect(try await target.schema(of: Self.steps).isCurrent)
        await #expect(throws: MartletError.self) {
            try await target.write { try $0.execute("INSERT INTO children VALUES (-1, 'unknown', 0)") }
        }
        await #expect(throws: MartletError.self) {
            try await target.write { try $0.execute("DELETE FROM children WHERE id = 0") }
        }
        let occupied = await #expect(throws: MartletError.self) { try await target.importRows(from: path) }
        #expect(occupied?.code == .failedPrecondition)
    }

    @Test func aDamagedCopyLeavesNothingBehind() async throws {
        guard ProcessInfo.processInfo.environment["MARTLET_TEST_DATABASE"] != "sqlite" else { return }
        let source = try await TestDatabase.postgres.open()
        try await source.migrate(Self.steps)
        try await source.write { try $0.execute("INSERT INTO parents VALUES ('a', 1.5, NULL)") }
        let path = Self.path()
        defer { try? FileManager.default.removeItem(atPath: path) }
        _ = try await source.exportRows(to: path)
        let whole = try Data(contentsOf: URL(filePath: path))
        let target = try await TestDatabase.postgres.open()
        for count in [whole.count - 1, whole.count - 8, 40, 3, 0] {
            try whole.prefix(count).write(to: URL(filePath: path))
            let failure = await #expect(throws: MartletError.self) { try await target.importRows(from: path) }
            #expect(failure?.code == .dataLoss)
        }
        #expect(whole.count < StorageLimits.rowBufferBytes)
        #expect(StorageLimits.rowValueBytes >= whole.count)
        try whole.write(to: URL(filePath: path))
        try await target.importRows(from: path)
        #expect(try await target.read { try $0.first("SELECT size FROM parents")?.double("size") } == 1.5)
    }
}
