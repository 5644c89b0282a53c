import Core
import Storage

/// What the file of an SQLite database holds, and whether it is whole.
struct DatabaseFacts: Sendable {
    /// The migrations that were applied.
    let schema: [String]
    /// Rows of each table.
    let tables: JSONObject
    /// What SQLite finds wrong; empty for a database that is whole.
    let problems: [String]

    /// Opens a file that nobody else uses and looks.
    static func of(_ path: String) async throws -> DatabaseFacts {
        let database = try Database.open(path: path)
        do {
            let facts = try await database.read { connection in
                DatabaseFacts(
                    schema: try database.appliedMigrations(connection),
                    tables: try Self.counts(connection, database.dialect),
                    problems: try database.problems(connection)
                )
            }
            try await database.close()
            return facts
        } catch {
            try? await database.close()
            throw error
        }
    }

    /// Rows of each table.
    static func counts(_ connection: Connection, _ dialect: Dialect) throws -> JSONObject {
        var counts = JSONObject()
        for table in try connection.tables(dialect) {
            let row = try connection.first("SELECT COUNT(*) AS n FROM \"\(table.replacing("\"", with: "\"\""))\"")
            counts[table] = .integer(try row?.int("n") ?? 0)
        }
        return counts
    }
}
