package import Core
import Foundation
package import Storage
import Synchronization

/// The kinds of database that every store is tested over.
///
/// PostgreSQL is the server that `MARTLET_TEST_POSTGRES` names; `scripts/with-postgres COMMAND` starts one. Without it
/// a test fails and says so.
package enum TestDatabase: String, CaseIterable, Sendable {
    case sqlite
    case postgres

    /// An empty database of its own for one test; on PostgreSQL a schema, dropped after the database's last use.
    ///
    /// - Throws: `failedPrecondition` when PostgreSQL is meant and no server is named.
    package func open() async throws -> Database {
        switch self {
        case .sqlite: try Database.inMemory()
        case .postgres: try await TestSchemas.shared.open()
        }
    }

    /// The URL of the PostgreSQL server for tests.
    ///
    /// - Throws: `failedPrecondition` when there is none.
    package static func postgresURL() throws(MartletError) -> String {
        guard let url = ProcessInfo.processInfo.environment["MARTLET_TEST_POSTGRES"], !url.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "Tests over PostgreSQL need a server: run them as `scripts/with-postgres swift test …`."
            )
        }
        return url
    }

    /// The URL for a fresh schema, and the schema's name; the caller drops it.
    package static func freshSchema() async throws -> (url: String, schema: String) {
        let schema = "test_\(Identifier.random())"
        let url = try postgresURL()
        try await TestSchemas.shared.administer("CREATE SCHEMA \(schema)")
        return ("\(url)\(url.contains("?") ? "&" : "?")options=-csearch_path%3D\(schema)", schema)
    }

    /// Runs a statement on the server outside any test's schema.
    package static func administer(_ sql: String) async throws {
        try await TestSchemas.shared.administer(sql)
    }
}

/// The schemas that tests have open: at most so many at once, because each has connections of its own.
private actor TestSchemas {
    static let shared = TestSchemas()

    // Every test of every suite starts at once, so the last one waits for nearly all others on a slow machine.
    private static let most = 24
    private static let patience = 600.0

    private struct Lease {
        weak var database: Database?
        let schema: String
    }

    private var leases: [Lease] = []
    private var opening = 0
    private var administrator: Database?

    func open() async throws -> Database {
        let deadline = Date.now + Self.patience
        while try await inUse() >= Self.most {
            guard Date.now < deadline else {
                throw MartletError(.unavailable, "\(Self.most) test databases have been open for too long.")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        opening += 1
        defer { opening -= 1 }
        let fresh = try await TestDatabase.freshSchema()
        let database = try await BlockingWork.run { try Database.open(postgres: fresh.url) }
        leases.append(Lease(database: database, schema: fresh.schema))
        return database
    }

    /// How many are open; schemas that nobody uses any more are dropped.
    private func inUse() async throws -> Int {
        let finished = leases.filter { $0.database == nil }
        leases.removeAll { $0.database == nil }
        for lease in finished { try await administer("DROP SCHEMA \(lease.schema) CASCADE") }
        return leases.count + opening
    }

    func administer(_ sql: String) async throws {
        let database = try administrator ?? Database.open(postgres: TestDatabase.postgresURL())
        administrator = database
        try await database.write { try $0.execute(sql) }
    }
}
