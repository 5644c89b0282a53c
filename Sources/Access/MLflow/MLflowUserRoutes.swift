import Core
package import HTTPSupport
import HTTPTypes

/// MLflow's users, roles and permissions, as `mlflow.server.auth.client.AuthServiceClient` asks for them.
package struct MLflowUserRoutes: Sendable {
    let administration: AccessAdministration

    /// Routes over accounts.
    package init(administration: AccessAdministration) {
        self.administration = administration
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        registerReading(in: routes)
        registerChanging(in: routes)
        registerRoles(in: routes)
        registerPermissions(in: routes)
    }

    private func registerReading(in routes: RouteTable) {
        let routing = self
        routes.mlflow(.get, "/mlflow/users/get", permission: .account) { call in
            let account = try routing.visible(try call.fields.string("username"), to: call.context.principal)
            return ["user": Self.user(account)]
        }
        routes.mlflow(.get, "/mlflow/users/list", permission: .server) { call in
            let accounts = try routing.administration.accounts(.user, by: call.context.principal)
            return [
                "users": .array(
                    accounts.map { account in
                        var user = Self.user(account).objectValue ?? [:]
                        user["roles"] = .array(routing.roles(of: account).map(\.json))
                        return .object(user)
                    }
                )
            ]
        }
        routes.mlflow(.get, "/mlflow/users/current", permission: .account) { call in
            let caller = call.context.principal
            let user: JSONValue
            if let id = caller.accountID, let account = routing.administration.directory.account(id: id) {
                user = Self.user(account)
            } else {
                user = ["id": 0, "username": .string(caller.name), "is_admin": .bool(caller.isServerAdministrator)]
            }
            return ["user": user, "is_basic_auth": .bool(caller.kind != .local)]
        }
    }

    private func registerChanging(in routes: RouteTable) {
        let administration = administration
        routes.mlflow(.post, "/mlflow/users/create", permission: .server) { call in
            let account = try await administration.create(
                .user,
                name: try call.fields.string("username"),
                password: try call.fields.string("password"),
                by: call.context.principal
            )
            return ["user": Self.user(account)]
        }
        routes.mlflow(.patch, "/mlflow/users/update-password", permission: .account) { call in
            try await administration.setPassword(
                of: try call.fields.string("username"),
                to: try call.fields.string("password"),
                current: try call.fields.optionalString("current_password"),
                from: call.context.clientAddress,
                by: call.context.principal
            )
            return [:]
        }
        routes.mlflow(.patch, "/mlflow/users/update-admin", permission: .server) { call in
            guard let isAdmin = try call.fields.optionalBool("is_admin") else { throw call.fields.missing("is_admin") }
            let change = AccountChange(isServerAdministrator: isAdmin)
            let name = try call.fields.string("username")
            _ = try await administration.update(name, .user, change, by: call.context.principal)
            return [:]
        }
        routes.mlflow(.delete, "/mlflow/users/delete", permission: .server) { call in
            let name = try call.fields.string("username")
            guard IdentityRules.key(name) != IdentityRules.key(call.context.principal.name) else {
                throw MartletError(
                    .failedPrecondition,
                    "Users cannot delete their own account. Ask another admin to delete this user instead."
                )
            }
            try await administration.delete(name, .user, by: call.context.principal)
            return [:]
        }
    }

    // MARK: What others use, too

    /// An account that the caller may look at; others are not there.
    ///
    /// That is its own, those with a part in the workspace that it manages, and any for server administrators.
    func visible(_ name: String, to caller: Principal) throws(MartletError) -> Account {
        let account = administration.directory.account(name: name)
        if let account {
            if account.id == caller.accountID || caller.permissions.contains(.server) { return account }
            if caller.permissions.contains(.admin), account.isMember(of: caller.workspace) { return account }
        }
        throw MartletError(.notFound, "User with username=\(IdentityRules.shown(name)) not found")
    }

    /// The roles of an account, in the order of their workspaces; one that it has everywhere counts in each.
    func roles(of account: Account) -> [MLflowRole] {
        administration.directory.workspaces.keys.sorted().compactMap { workspace in
            account.role(in: workspace).map { MLflowRole(workspace: workspace, role: $0) }
        }
    }

    /// `{"id":…,"username":…,"is_admin":…}`.
    static func user(_ account: Account) -> JSONValue {
        [
            "id": .integer(number(account)), "username": .string(account.name),
            "is_admin": .bool(account.isServerAdministrator),
        ]
    }

    /// The number of an account.
    static func number(_ account: Account) -> Int64 {
        MLflowNumber.of("user", account.id)
    }
}
