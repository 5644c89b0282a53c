import Core
import HTTPSupport

/// The rules about who may change what of accounts and rights; everything that changes them on somebody's behalf goes
/// through here, whichever protocol or page asked.
///
/// Routes check that the caller has the permission; here it is checked that the caller gives no more than it has, and
/// touches nothing but its own workspace.
package struct AccessAdministration: Sendable {
    /// Who is who, and where it is kept.
    package let directory: IdentityDirectory

    var store: AccessStore { directory.store }

    /// Rules over a directory.
    package init(directory: IdentityDirectory) {
        self.directory = directory
    }

    /// Throws unless the caller manages the server.
    func requireServer(_ caller: Principal) throws(MartletError) {
        guard caller.permissions.contains(.server) else {
            throw MartletError(.permissionDenied, "This takes a server administrator (permission 'server').")
        }
    }

    /// Throws unless the caller manages the workspace; one of others is not there.
    func requireAdministrator(_ caller: Principal, of workspace: String) throws(MartletError) {
        if caller.permissions.contains(.server) { return }
        guard workspace == caller.workspace else {
            throw MartletError(.notFound, "There is no workspace '\(IdentityRules.shown(workspace))'.")
        }
        guard caller.permissions.contains(.admin) else {
            throw MartletError(.permissionDenied, "This takes an administrator of the workspace (permission 'admin').")
        }
    }

    /// Throws when a caller would give away what it does not have itself.
    func require(_ caller: Principal, has permissions: PermissionSet) throws(MartletError) {
        guard permissions.isSubset(of: caller.permissions.union(PermissionSet([.open, .account]))) else {
            let missing = permissions.subtracting(caller.permissions).permissions.map(\.rawValue)
            throw MartletError(
                .permissionDenied,
                "Nobody gives out more than they have; you lack: \(missing.joined(separator: ", "))."
            )
        }
    }

    /// The account of a name.
    ///
    /// - Throws: `notFound`.
    func account(named name: String, _ kind: Account.Kind? = nil) throws(MartletError) -> Account {
        guard let account = directory.account(name: name), kind == nil || account.kind == kind else {
            let what = kind == .serviceAccount ? "service account" : kind == .user ? "user" : "account"
            throw MartletError(.notFound, "There is no \(what) '\(IdentityRules.shown(name))'.")
        }
        return account
    }

    /// The caller's own account.
    ///
    /// - Throws: `failedPrecondition` for the local user of a server without log-in.
    func own(_ caller: Principal) throws(MartletError) -> Account {
        guard let id = caller.accountID, let account = directory.account(id: id) else {
            throw MartletError(
                .failedPrecondition,
                "You have no account: this server asks for no log-in. Name the account that is meant."
            )
        }
        return account
    }
}
