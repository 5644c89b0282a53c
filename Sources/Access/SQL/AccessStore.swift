package import Core
import HTTPSupport
package import Storage
import Synchronization

/// Accounts, tokens, sessions, workspaces and rights, in the database of the server.
///
/// Every change raises a number in the same transaction; who keeps a copy in memory looks at the number. Rules about
/// who may change what are `AccessAdministration`'s; the store keeps what must never be untrue.
package final class AccessStore: Sendable {
    /// What has a number of its own, so that a log-in does not make every server read all accounts again.
    package enum Part: String, Sendable, CaseIterable {
        /// Accounts, roles, grants, tokens, workspaces, issued subjects and rules.
        case identities
        /// Sessions.
        case sessions
    }

    let database: Database
    let clock: Clock
    private let observers = Mutex<[@Sendable (Part) async -> Void]>([])

    /// Makes the store; its migrations must have run.
    package init(database: Database, clock: Clock = .system) {
        self.database = database
        self.clock = clock
    }

    /// Has `observer` called after every change that this store makes, before the change returns to its caller.
    func observe(_ observer: @escaping @Sendable (Part) async -> Void) {
        observers.withLock { $0.append(observer) }
    }

    /// Changes something, raises the number of the part and tells the observers.
    @discardableResult
    func change<T: Sendable>(
        _ part: Part = .identities,
        _ body: @escaping @Sendable (Connection) throws -> T
    ) async throws(MartletError) -> T {
        let result = try await database.write { connection in
            let result = try body(connection)
            try connection.execute(
                "UPDATE access_versions SET version = version + 1 WHERE part = ?",
                [.text(part.rawValue)]
            )
            return result
        }
        for observer in observers.withLock({ $0 }) { await observer(part) }
        return result
    }

    /// The numbers of all parts.
    package func versions() async throws(MartletError) -> [Part: Int64] {
        try await database.read { try Self.versions($0) }
    }

    static func versions(_ connection: Connection) throws -> [Part: Int64] {
        var versions: [Part: Int64] = [:]
        for row in try connection.query("SELECT part, version FROM access_versions") {
            guard let part = Part(rawValue: try row.text("part")) else { continue }
            versions[part] = try row.int("version")
        }
        return versions
    }
}
