import Access
import Core
import Storage
import TestSupport

/// A database with the table of the audit log and one table of things, and a clock that stands still.
struct AuditFixture {
    let database: Database
    let log: AuditLog
    let time = ManualClock()

    init(name: String = "default") async throws {
        database = try await TestDatabase.current.open()
        let things = Migration(
            id: "things-0001",
            statements: ["CREATE TABLE things (name TEXT PRIMARY KEY, colour TEXT NOT NULL)"]
        )
        try await database.migrate([things] + AuditLog.migrations)
        log = AuditLog(database: database, name: name, clock: time.clock)
        log.install()
    }

    /// A context of a request.
    static func context(_ actor: String = "alice", action: String = "POST /things") -> ChangeContext {
        ChangeContext(
            actor: actor,
            token: "tok-1",
            workspace: "default",
            requestID: "req-1",
            action: action,
            object: "/things",
            address: "192.0.2.7"
        )
    }

    /// Adds a thing as somebody.
    func add(_ name: String, as actor: String = "alice") async throws {
        try await ChangeContext.$current.withValue(Self.context(actor)) {
            try await database.write { connection in
                try connection.execute(
                    "INSERT INTO things (name, colour) VALUES (?, ?)",
                    [.text(name), .text("red")]
                )
                connection.note(Change(object: "thing:\(name)", before: nil, after: ["colour": "red"]))
            }
        }
    }

    /// All records, oldest first.
    func records() async throws -> [AuditRecord] {
        try await log.search(isAscending: true, limit: AuditLimits.pageRecords).records
    }

    /// Changes the table behind the log's back, as an owner of the database can.
    func tamper(_ sql: String, _ arguments: [SQLValue] = []) async throws {
        let triggers =
            switch database.dialect {
            case .sqlite: ["update", "delete", "replace"].map { "DROP TRIGGER IF EXISTS audit_records_no_\($0)" }
            case .postgres: ["DROP TRIGGER IF EXISTS audit_records_append_only ON audit_records"]
            }
        try await database.write { connection in
            for trigger in triggers { try connection.execute(trigger) }
            try connection.execute(sql, arguments)
        }
    }
}
