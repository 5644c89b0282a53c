import Access
package import Core
import Foundation
import Storage

/// A way in for an operator who can reach the data of a stopped server, but not log in.
package enum OfflineAccess {
    /// Makes a token for an account, by default one that manages the server; it works for a day.
    ///
    /// - Throws: `failedPrecondition` when a server has the directory; `notFound` when there is none, or no such account.
    package static func token(
        settings: ServerSettings,
        account: String?,
        clock: Clock = .system
    ) async throws -> String {
        guard FileManager.default.fileExists(atPath: settings.data) else {
            throw MartletError(.notFound, "There is no data directory '\(settings.data)'; name it with --data.")
        }
        let directory = try DataDirectory.lock(path: settings.data)
        defer { directory.unlock() }
        let database = try await AccessHouse.openDatabase(settings)
        let result: Result<String, any Error>
        do {
            try await database.migrate(AccessHouse.migrations, now: clock.now)
            AuditLog(database: database, name: AuditLog.server, clock: clock).install()
            let identities = IdentityDirectory(store: AccessStore(database: database, clock: clock), clock: clock)
            let context = ChangeContext(
                actor: "system:offline",
                workspace: AuditLog.server,
                action: "token create --offline",
                object: "account:\(account ?? "admin")"
            )
            result = .success(
                try await ChangeContext.$current.withValue(context) { try await identities.rescue(account: account) }
            )
        } catch {
            result = .failure(error)
        }
        try await database.close()
        return try result.get()
    }
}
