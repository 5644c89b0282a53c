package import Access
package import Core
import HTTPSupport
import Hummingbird

/// What the console shows and changes of accounts, sessions, records and secrets.
package struct ConsoleAccess: Sendable {
    /// Whether callers have accounts; without, nobody logs in or out.
    let hasAccounts: Bool
    let directory: IdentityDirectory
    let administration: AccessAdministration
    let sessions: SessionService
    let providers: [(label: String, href: String)]
    let log: AuditLog
    let serverLog: AuditLog
    let secrets: ConsoleSecrets
    let usage: @Sendable (_ workspace: String) async -> WorkspaceUse?
    let clock: Clock
    let chains: ChainWatch

    /// Names every source.
    ///
    /// - Parameters:
    ///   - hasAccounts: whether callers log in.
    ///   - directory: who is who.
    ///   - administration: changes of accounts, by the same rules as the API's.
    ///   - providers: what the button of each identity provider says, and where it leads.
    ///   - log: the audit log of the workspace.
    ///   - serverLog: the audit log of the server.
    ///   - secrets: the secrets of the workspace.
    ///   - usage: what a workspace uses now; nil when it is not known here.
    ///   - clock: the clock.
    package init(
        hasAccounts: Bool,
        directory: IdentityDirectory,
        administration: AccessAdministration,
        providers: [(label: String, href: String)] = [],
        log: AuditLog,
        serverLog: AuditLog,
        secrets: ConsoleSecrets,
        usage: @escaping @Sendable (_ workspace: String) async -> WorkspaceUse? = { _ in nil },
        clock: Clock = .system
    ) {
        self.hasAccounts = hasAccounts
        self.directory = directory
        self.administration = administration
        sessions = SessionService(store: directory.store, clock: clock)
        self.providers = providers
        self.log = log
        self.serverLog = serverLog
        self.secrets = secrets
        self.usage = usage
        self.clock = clock
        chains = ChainWatch(clock: clock)
    }

    /// Who looks at a page.
    func viewer(_ request: Request, _ caller: Principal) -> Viewer {
        let isKnown = caller.kind != .anonymous
        return Viewer(
            name: isKnown && hasAccounts ? caller.name : nil,
            hasSession: caller.sessionID != nil,
            permissions: caller.permissions,
            workspace: caller.workspace,
            workspaces: isKnown ? administration.workspaces(by: caller).map(\.name) : [],
            formToken: caller.sessionID == nil
                ? nil : SessionCookie.secret(in: request.headers).map(SessionSecret.formToken(of:))
        )
    }
}

/// What a workspace uses of its quotas; nil where it is not measured.
package struct WorkspaceUse: Sendable {
    /// Bytes of artifacts.
    package var storageBytes: Int64?
    /// Pipeline tasks that run now.
    package var tasks: Int?
    /// Bytes of models in memory now.
    package var modelMemoryBytes: Int64?

    /// Says what is used.
    package init(storageBytes: Int64? = nil, tasks: Int? = nil, modelMemoryBytes: Int64? = nil) {
        self.storageBytes = storageBytes
        self.tasks = tasks
        self.modelMemoryBytes = modelMemoryBytes
    }
}

/// The secrets of a workspace, as far as the console goes: their names, setting and deleting.
package struct ConsoleSecrets: Sendable {
    /// A secret without its value.
    package struct Entry: Sendable {
        /// Its name.
        package let name: String
        /// How many times it was set.
        package let version: Int
        /// When it was last set.
        package let updatedAt: Timestamp?
        /// Who set it last; empty when that is not known.
        package let updatedBy: String

        /// Describes a secret.
        package init(name: String, version: Int, updatedAt: Timestamp?, updatedBy: String = "") {
            self.name = name
            self.version = version
            self.updatedAt = updatedAt
            self.updatedBy = updatedBy
        }
    }

    let list: @Sendable () async throws -> [Entry]
    let set: @Sendable (_ name: String, _ value: String, _ actor: String) async throws -> Void
    let delete: @Sendable (_ name: String) async throws -> Void

    /// Takes the three operations.
    package init(
        list: @escaping @Sendable () async throws -> [Entry],
        set: @escaping @Sendable (_ name: String, _ value: String, _ actor: String) async throws -> Void,
        delete: @escaping @Sendable (_ name: String) async throws -> Void
    ) {
        self.list = list
        self.set = set
        self.delete = delete
    }
}
