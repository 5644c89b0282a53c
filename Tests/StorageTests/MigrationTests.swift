import Core
import Foundation
import Storage
import TestSupport
import Testing

@Suite(.overEveryDatabase) struct MigrationTests {
    private static let steps = [
        Migration(
            id: "step-1",
            statements: ["CREATE TABLE one (id BIGINT PRIMARY KEY, note TEXT)", "CREATE INDEX one_note ON one (note)"]
        ),
        Migration(
            id: "step-2",
            statements: [
                "ALTER TABLE one ADD COLUMN size BIGINT", "INSERT INTO one (id, note, size) VALUES (1, 'a', 2)",
                "CREATE TABLE two (id BIGINT PRIMARY KEY)",
            ]
        ),
        Migration(id: "step-3", statements: ["UPDATE one SET size = 3", "CREATE INDEX two_id ON two (id)"]),
    ]

    private static func state(_ database: Database) async throws -> [String] {
        let dialect = database.dialect
        return try await database.read { connection in
            let tables = try connection.tables(dialect)
            let applied = try database.appliedMigrations(connection)
            var rows: [String] = []
            if tables.contains("one") { rows = try connection.query("SELECT id FROM one").map { "\($0[at: 0])" } }
            return tables.filter { !$0.hasPrefix("martlet_") } + applied + rows
        }
    }

    /// Fails at every statement of every step: what was before stays, what was begun is undone, the next try finishes.
    @Test func aStepThatFailsAnywhereLeavesNothingBehind() async throws {
        for (position, step) in Self.steps.enumerated() {
            for count in 0...step.statements.count {
                let database = try await TestDatabase.current.open()
                try await database.migrate(Array(Self.steps[..<position]))
                let before = try await Self.state(database)
                let broken = Migration(
                    id: step.id,
                    statements: step.statements.prefix(count) + ["INSERT INTO no_such_table VALUES (1)"]
                )
                await #expect(throws: MartletError.self) {
                    try await database.migrate(Self.steps[..<position] + [broken])
                }
                #expect(try await Self.state(database) == before)
                try await database.migrate(Self.steps)
                let reference = try await TestDatabase.current.open()
                try await reference.migrate(Self.steps)
                #expect(try await Self.state(database) == Self.state(reference))
            }
        }
    }

    @Test func theStatusTellsWhatIsPendingAndChangesNothing() async throws {
        let database = try await TestDatabase.current.open()
        let fresh = try await database.schema(of: Self.steps)
        #expect(fresh.applied.isEmpty)
        #expect(fresh.pending.map(\.id) == ["step-1", "step-2", "step-3"])
        #expect(try await Self.state(database).isEmpty)
        try await database.migrate(Array(Self.steps[..<2]))
        let half = try await database.schema(of: Self.steps)
        #expect(Set(half.applied) == ["step-1", "step-2"])
        #expect(half.pending.map(\.id) == ["step-3"])
        #expect(half.writtenBy == ProductVersion.text)
        #expect(!half.isCurrent)
        try await database.migrate(Self.steps)
        #expect(try await database.schema(of: Self.steps).isCurrent)
    }

    @Test func aNewerSchemaIsRefusedWithTheRemedy() async throws {
        let database = try await TestDatabase.current.open()
        let newer = Migration(id: "step-9", statements: ["CREATE TABLE nine (id BIGINT PRIMARY KEY)"])
        try await database.migrate(Self.steps + [newer], now: Timestamp(milliseconds: 5), version: "9.8.7")
        let before = try await Self.state(database)
        let refusal = await #expect(throws: MartletError.self) { try await database.migrate(Self.steps) }
        #expect(refusal?.code == .failedPrecondition)
        for word in ["step-9", "martlet 9.8.7", "martlet restore"] {
            #expect(refusal?.message.contains(word) == true, "\(word)")
        }
        #expect(try await Self.state(database) == before)
    }
}
