import Access
import Core
import HTTPSupport

/// Reads accounts, tokens, rights and workspaces for the pages, as far as whoever looks may see them.
struct AccessLoader: Sendable {
    let access: ConsoleAccess
    let caller: Principal

    private var administration: AccessAdministration { access.administration }
    private var now: Timestamp { access.clock.now }

    func people(_ notices: [Notice] = []) throws -> PeoplePage {
        let everybody = access.directory.accounts
        // Who has no part in the workspace is not there for somebody who manages nothing else.
        let shown =
            caller.permissions.contains(.server)
            ? everybody
            : everybody.filter { account in
                account.roles[caller.workspace] != nil || account.grants[caller.workspace]?.isEmpty == false
            }
        return PeoplePage(rows: shown.map(row), workspace: caller.workspace, notices: notices)
    }

    func person(_ name: String, _ notices: [Notice] = []) throws -> PersonPage {
        guard let account = access.directory.account(name: name) else {
            throw MartletError(.notFound, "There is no account of this name. The page Access lists them.")
        }
        return PersonPage(
            row: row(account),
            roles: Self.roles(of: account),
            workspaces: access.directory.workspaces.keys.sorted(),
            notices: notices
        )
    }

    func tokens(_ notices: [Notice] = []) throws -> TokensPage {
        let tokens = try administration.allTokens(by: caller)
        let programs = access.directory.accounts.filter { $0.kind == .serviceAccount && !$0.isDisabled }.map(\.name)
        let own = caller.accountID == nil ? [] : [caller.name]
        return TokensPage(
            rows: tokens.map { row($0.token, owner: $0.owner) },
            owners: own + programs,
            workspaces: access.directory.workspaces.keys.sorted(),
            notices: notices
        )
    }

    func grants(_ notices: [Notice] = []) throws -> GrantsPage {
        GrantsPage(
            rows: try administration.grants(by: caller).map { owner, stored in
                GrantsPage.Row(
                    id: stored.id,
                    account: owner,
                    kind: stored.grant.kind,
                    resource: stored.grant.id,
                    permissions: stored.grant.permissions
                )
            },
            accounts: grantees,
            workspace: caller.workspace,
            notices: notices
        )
    }

    /// Accounts that a right can be given to: all for who knows all, else those of the workspace.
    private var grantees: [String] {
        access.directory.accounts.filter { account in
            caller.permissions.contains(.server) || account.isMember(of: caller.workspace)
        }.map(\.name)
    }

    func workspaces(_ notices: [Notice] = []) async throws -> WorkspacesPage {
        var rows: [WorkspacesPage.Row] = []
        let accounts = access.directory.accounts
        for workspace in administration.workspaces(by: caller) {
            let (quota, use) = (workspace.quota, await access.usage(workspace.name))
            rows.append(
                WorkspacesPage.Row(
                    name: workspace.name,
                    description: workspace.description,
                    members: accounts.count { $0.role(in: workspace.name) != nil },
                    storage: .init(used: use?.storageBytes.map(Double.init), most: quota.storageBytes.map(Double.init)),
                    requests: .init(most: quota.requestsPerSecond),
                    tasks: .init(used: use?.tasks.map(Double.init), most: quota.concurrentTasks.map(Double.init)),
                    memory: .init(
                        used: use?.modelMemoryBytes.map(Double.init),
                        most: quota.modelMemoryBytes.map(Double.init)
                    )
                )
            )
        }
        return WorkspacesPage(rows: rows, notices: notices)
    }

    func account(_ notices: [Notice] = []) async throws -> AccountPage {
        guard let id = caller.accountID, let account = access.directory.account(id: id) else {
            throw MartletError(.notFound, "There is no account to show: this server asks for no login.")
        }
        let now = now
        return AccountPage(
            name: account.name,
            roles: Self.roles(of: account),
            isServerAdministrator: account.isServerAdministrator,
            hasPassword: account.hasPassword,
            visits: try await access.sessions.sessions(of: id).map { session in
                AccountPage.Visit(
                    id: session.id,
                    agent: session.agent,
                    began: TimeText(session.createdAt, now: now),
                    seen: TimeText(session.seenAt, now: now),
                    isThis: session.id == caller.sessionID
                )
            },
            tokens: access.directory.tokens(of: id).map { row($0, owner: account.name) },
            workspaces: administration.workspaces(by: caller).map(\.name),
            notices: notices
        )
    }

    func secrets(_ notices: [Notice] = []) async throws -> SecretsPage {
        let now = now
        return SecretsPage(
            rows: try await access.secrets.list().map { entry in
                SecretsPage.Row(
                    name: entry.name,
                    version: entry.version,
                    updated: entry.updatedAt.map { TimeText($0, now: now) },
                    by: entry.updatedBy
                )
            },
            workspace: caller.workspace,
            notices: notices
        )
    }

    private func row(_ account: Account) -> PeoplePage.Row {
        let now = now
        return PeoplePage.Row(
            name: account.name,
            isService: account.kind == .serviceAccount,
            isServerAdministrator: account.isServerAdministrator,
            isDisabled: account.isDisabled,
            role: account.roles[caller.workspace],
            everywhere: account.roles[Account.everyWorkspace],
            hasPassword: account.hasPassword,
            lastLogin: account.lastLoginAt.map { TimeText($0, now: now) }
        )
    }

    private func row(_ token: AccessToken, owner: String) -> TokensPage.Row {
        let now = now
        return TokensPage.Row(
            id: token.id,
            prefix: token.prefix,
            name: token.name,
            owner: owner,
            scopes: token.scopes,
            workspace: token.workspace,
            created: TimeText(token.createdAt, now: now),
            used: token.lastUsedAt.map { TimeText($0, now: now) },
            expires: token.expiresAt.map { TimeText($0, now: now) },
            isExpired: token.isExpired(now: now)
        )
    }

    private static func roles(of account: Account) -> [(workspace: String, role: Role)] {
        account.roles.sorted { $0.key < $1.key }.map { (workspace: $0.key, role: $0.value) }
    }
}
