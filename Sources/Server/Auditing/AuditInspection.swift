package import Access
import Core
import Foundation
import HTTPSupport
import Storage

/// `martlet audit verify` without a server: opens the databases of a data directory and walks the chain of each.
package enum AuditInspection {
    /// One log, and how its walk ended.
    package struct Walk: Sendable {
        /// The log's name: a workspace, or `@server`.
        package let name: String
        /// The walk.
        package let verifier: AuditVerifier
    }

    /// Walks every chain.
    ///
    /// - Parameters:
    ///   - settings: which data.
    ///   - anchors: heads that were written down, by the name of the log.
    /// - Returns: the walks, that of the accounts' database first.
    /// - Throws: `failedPrecondition` when a server has the directory; `notFound` when there is none, or when a log
    ///   that was written down is gone.
    package static func run(settings: ServerSettings, anchors: [String: [AuditHead]]) async throws -> [Walk] {
        guard FileManager.default.fileExists(atPath: settings.data) else {
            throw MartletError(.notFound, "There is no data directory '\(settings.data)'; name it with --data.")
        }
        let directory = try DataDirectory.lock(path: settings.data)
        defer { directory.unlock() }
        var walks: [Walk] = []
        if let walk = try await accounts(settings, anchors) { walks.append(walk) }
        for workspace in try await workspaces(settings) {
            let site = try Site.settings(of: workspace, settings)
            guard site.postgresURL != nil || FileManager.default.fileExists(atPath: site.databasePath) else { continue }
            let database = try await DatabaseWiring.open(site)
            if let walk = try await walk(database, workspace, anchors) { walks.append(walk) }
        }
        if let gone = anchors.keys.sorted().first(where: { name in !walks.contains { $0.name == name } }) {
            throw MartletError(
                .notFound,
                "A head of the log '\(gone)' was written down, and there is no such log here."
            )
        }
        return walks
    }

    private static func accounts(_ settings: ServerSettings, _ anchors: [String: [AuditHead]]) async throws -> Walk? {
        let path = "\(settings.data)/access.db"
        guard settings.postgresURL != nil || FileManager.default.fileExists(atPath: path) else { return nil }
        return try await walk(AccessHouse.openDatabase(settings), AuditLog.server, anchors)
    }

    /// The workspaces: what has a folder here, and with PostgreSQL what the accounts' database knows.
    private static func workspaces(_ settings: ServerSettings) async throws -> [String] {
        var names: Set<String> = [Principal.defaultWorkspace]
        if settings.postgresURL == nil {
            let folder = "\(settings.data)/workspaces"
            names.formUnion((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
        } else {
            let database = try await AccessHouse.openDatabase(settings)
            let found = try? await database.read { connection in
                try connection.query("SELECT name FROM workspaces ORDER BY name").map { try $0.text("name") }
            }
            try await database.close()
            names.formUnion(found ?? [])
        }
        return names.sorted()
    }

    /// Walks one chain and closes its database; nil for a database from before there was a log.
    private static func walk(
        _ database: Database,
        _ name: String,
        _ anchors: [String: [AuditHead]]
    ) async throws -> Walk? {
        let result: Result<Walk?, any Error>
        do {
            let has = try await database.read { connection in
                try connection.first("SELECT id FROM martlet_migrations WHERE id = ?", [.text("audit-0001")]) != nil
            }
            let log = AuditLog(database: database, name: name)
            let verifier = has ? try await log.verify(anchors: anchors[name] ?? []) : nil
            result = .success(verifier.map { Walk(name: name, verifier: $0) })
        } catch {
            result = .failure(error)
        }
        try await database.close()
        return try result.get()
    }
}
