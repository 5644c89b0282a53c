package import Core
package import HTTPSupport

/// Workspaces, roles in them, and rights to single things.
extension AccessAdministration {
    /// The workspaces that the caller has a part in, by name.
    package func workspaces(by caller: Principal) -> [Workspace] {
        directory.workspaces.values.filter { isVisible($0.name, to: caller) }.sorted { $0.name < $1.name }
    }

    private func isVisible(_ workspace: String, to caller: Principal) -> Bool {
        if caller.permissions.contains(.server) { return true }
        if let id = caller.tokenID, let only = directory.token(id: id)?.workspace, only != workspace { return false }
        guard let id = caller.accountID, let account = directory.account(id: id) else { return caller.kind == .local }
        return account.isMember(of: workspace)
    }

    /// A workspace that the caller has a part in; others are not there.
    ///
    /// - Throws: `notFound`.
    package func workspace(_ name: String, by caller: Principal) throws(MartletError) -> Workspace {
        guard let workspace = directory.workspace(name), isVisible(name, to: caller) else {
            throw MartletError(.notFound, "There is no workspace '\(IdentityRules.shown(name))'.")
        }
        return workspace
    }

    /// The workspaces that were deleted and can be restored, for server administrators.
    package func deletedWorkspaces(by caller: Principal) throws(MartletError) -> [Workspace] {
        try requireServer(caller)
        return directory.deletedWorkspaces
    }

    /// Makes a workspace.
    package func createWorkspace(
        _ name: String,
        description: String = "",
        quota: WorkspaceQuota = WorkspaceQuota(),
        by caller: Principal
    ) async throws(MartletError) -> Workspace {
        try requireServer(caller)
        return try await store.createWorkspace(name: name, description: description, quota: quota)
    }

    /// Changes a workspace.
    package func updateWorkspace(
        _ name: String,
        _ change: WorkspaceChange,
        by caller: Principal
    ) async throws(MartletError) -> Workspace {
        try requireServer(caller)
        return try await store.updateWorkspace(name, change)
    }

    /// Closes a workspace; its data stays.
    package func deleteWorkspace(_ name: String, by caller: Principal) async throws(MartletError) {
        try requireServer(caller)
        try await store.deleteWorkspace(name)
    }

    /// Opens a workspace again that was deleted.
    package func restoreWorkspace(_ name: String, by caller: Principal) async throws(MartletError) -> Workspace {
        try requireServer(caller)
        return try await store.restoreWorkspace(name)
    }

    // MARK: Roles

    /// Who has a role in a workspace itself (`*`: everywhere), in the order of their names.
    ///
    /// - Throws: `notFound` for a workspace of others, `permissionDenied`.
    package func members(of workspace: String, by caller: Principal) throws(MartletError) -> [(Account, Role)] {
        try requireAdministrator(caller, of: workspace)
        guard workspace == Account.everyWorkspace || directory.workspace(workspace) != nil else {
            throw MartletError(.notFound, "There is no workspace '\(IdentityRules.shown(workspace))'.")
        }
        return directory.accounts.compactMap { account in account.roles[workspace].map { (account, $0) } }
    }

    /// Gives an account a role in a workspace, or takes it.
    ///
    /// Roles everywhere (`*`) are for server administrators to give. Nobody gives or takes more than they have.
    ///
    /// - Throws: `notFound`, `permissionDenied`.
    package func setRole(
        _ role: Role?,
        of name: String,
        in workspace: String,
        by caller: Principal
    ) async throws(MartletError) -> Account {
        try requireAdministrator(caller, of: workspace)
        let account = try account(named: name)
        if let role { try require(caller, has: role.permissions) }
        if let present = account.roles[workspace] { try require(caller, has: present.permissions) }
        return try await store.setRole(role, of: account.id, in: workspace)
    }

    // MARK: Grants

    /// The rights to single things in the caller's workspace, with the names of whose they are.
    package func grants(by caller: Principal) throws(MartletError) -> [(owner: String, grant: StoredGrant)] {
        try requireAdministrator(caller, of: caller.workspace)
        return directory.grants(in: caller.workspace).compactMap { grant in
            directory.account(id: grant.accountID).map { ($0.name, grant) }
        }
    }

    /// Gives an account a right to one thing in the caller's workspace.
    ///
    /// - Throws: `notFound` for the account, `invalidArgument`, `permissionDenied`.
    package func grant(
        _ grant: ResourceGrant,
        to name: String,
        by caller: Principal
    ) async throws(MartletError) -> StoredGrant {
        try requireAdministrator(caller, of: caller.workspace)
        try IdentityRules.check(grant)
        try require(caller, has: grant.permissions)
        return try await store.putGrant(grant, to: try account(named: name).id, in: caller.workspace)
    }

    /// Takes a right to one thing in the caller's workspace away.
    ///
    /// - Throws: `notFound`, also for one of another workspace.
    package func deleteGrant(_ id: String, by caller: Principal) async throws(MartletError) {
        try requireAdministrator(caller, of: caller.workspace)
        try await store.deleteGrant(id, in: caller.workspace)
    }

    // MARK: Rules of groups

    /// The rules that turn an issuer's groups into roles, for server administrators.
    package func groupRules(by caller: Principal) async throws(MartletError) -> [GroupRule] {
        try requireServer(caller)
        return try await store.groupRules()
    }

    /// Replaces the rules that turn an issuer's groups into roles.
    package func setGroupRules(_ rules: [GroupRule], by caller: Principal) async throws(MartletError) {
        try requireServer(caller)
        for rule in rules {
            if rule.isServerAdministrator { try require(caller, has: .all) }
            if let role = rule.role { try require(caller, has: role.permissions) }
        }
        try await store.setGroupRules(rules)
    }
}
