import Core
import Storage

/// Opens the database that the settings name.
package enum DatabaseWiring {
    /// The SQLite file or the PostgreSQL server.
    static func open(_ settings: ServerSettings) async throws -> Database {
        guard let url = settings.postgresURL else { return try Database.open(path: settings.databasePath) }
        let schema = Site.schema(of: settings.workspace)
        return try await BlockingWork.run { try Database.open(postgres: url, schema: schema) }
    }

    /// Connects to the PostgreSQL server and returns what to show of it; nil when the database is a file.
    ///
    /// - Throws: what `Database.open(postgres:)` throws.
    package static func probe(settings: ServerSettings) async throws -> String? {
        guard let url = settings.postgresURL else { return nil }
        let database = try await open(settings)
        let version = try await database.read { connection in
            try connection.first("SELECT version() AS version")?.text("version") ?? ""
        }
        try await database.close()
        let name = version.split(separator: " ").prefix(2).joined(separator: " ")
        return "\(try Database.display(postgres: url)) answers: \(name)"
    }
}
