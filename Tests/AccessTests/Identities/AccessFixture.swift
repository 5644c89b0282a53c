import Access
import Core
import HTTPSupport
import Logging
import Storage
import TestSupport

/// Accounts over an empty database, with hashes that cost next to nothing and a clock that tests move.
struct AccessFixture: Sendable {
    let database: Database
    let clock = ManualClock()
    let store: AccessStore
    let directory: IdentityDirectory
    let administration: AccessAdministration

    static let password = "correct horse battery"

    init() async throws {
        database = try await TestDatabase.current.open()
        try await database.migrate(AccessStore.migrations)
        store = AccessStore(database: database, clock: clock.clock)
        directory = Self.directory(store, clock)
        administration = AccessAdministration(directory: directory)
        try await directory.reload()
    }

    /// A directory as another server has it, over the same database.
    func anotherServer() async throws -> IdentityDirectory {
        let other = Self.directory(AccessStore(database: database, clock: clock.clock), clock)
        try await other.reload()
        return other
    }

    private static func directory(_ store: AccessStore, _ clock: ManualClock) -> IdentityDirectory {
        IdentityDirectory(
            store: store,
            clock: clock.clock,
            parameters: ScryptParameters(logN: 4, r: 1, p: 1),
            logger: Logger(label: "test")
        )
    }

    /// A user with a password.
    @discardableResult
    func user(_ name: String, isServerAdministrator: Bool = false, roles: [String: Role] = [:]) async throws -> Account
    {
        try await administration.create(
            .user,
            name: name,
            password: Self.password,
            isServerAdministrator: isServerAdministrator,
            roles: roles,
            by: .localUser
        )
    }

    /// What the gate makes of an account that logged in, in a workspace.
    func principal(
        _ name: String,
        in workspace: String = "default",
        token: AccessToken? = nil
    ) throws -> Principal {
        guard let account = directory.account(name: name) else { throw MartletError(.notFound, name) }
        let scopes = token?.scopes ?? .all
        return Principal(
            name: account.name,
            kind: account.kind == .user ? .user : .serviceAccount,
            accountID: account.id,
            tokenID: token?.id,
            workspace: workspace,
            permissions: account.permissions(in: workspace).intersection(scopes),
            grants: account.grants[workspace] ?? [],
            isServerAdministrator: account.isServerAdministrator
        )
    }
}

/// The code of the error that something throws; nil when it throws none.
func code(_ body: () async throws -> some Any) async -> MartletError.Code? {
    do {
        _ = try await body()
        return nil
    } catch {
        return MartletError.wrapping(error).code
    }
}
