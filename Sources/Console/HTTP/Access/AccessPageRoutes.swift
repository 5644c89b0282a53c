import Access
import Core
import HTTPSupport
import Hummingbird

/// The pages Access, Audit and Secrets, with their forms; everything goes through the same rules as the API.
struct AccessPageRoutes: Sendable {
    let access: ConsoleAccess
    let responder: PageResponder

    func register(in routes: RouteTable) {
        registerPages(in: routes)
        let forms = AccessForms(access: access, responder: responder)
        registerPeople(forms, routes)
        registerTokens(forms, routes)
        registerGrants(forms, routes)
        registerWorkspaces(forms, routes)
        registerSecrets(forms, routes)
    }

    private func registerPages(in routes: RouteTable) {
        let access = access
        page("/access", .admin, routes) { _, context in
            try AccessLoader(access: access, caller: context.principal).people()
        }
        page("/access/accounts/{name}", .server, routes) { _, context in
            let name = PercentEncoding.decode(try context.parameters.require("name")) ?? ""
            return try AccessLoader(access: access, caller: context.principal).person(name)
        }
        page("/access/tokens", .server, routes) { _, context in
            try AccessLoader(access: access, caller: context.principal).tokens()
        }
        page("/access/grants", .admin, routes) { _, context in
            try AccessLoader(access: access, caller: context.principal).grants()
        }
        page("/access/workspaces", .server, routes) { _, context in
            try await AccessLoader(access: access, caller: context.principal).workspaces()
        }
        page("/secrets", .admin, routes) { _, context in
            try await AccessLoader(access: access, caller: context.principal).secrets()
        }
        page("/audit", .admin, routes) { request, context in
            let query = try ConsoleQuery(request)
            return try await AuditLoader(access: access, caller: context.principal).page(query)
        }
    }

    private func page(
        _ path: String,
        _ permission: Permission,
        _ routes: RouteTable,
        _ load: @escaping PageResponder.Loader
    ) {
        let responder = responder
        routes.get(path, permission: permission, errors: .page) { request, context in
            await responder.respond(request, context, load)
        }
    }

    private func registerPeople(_ forms: AccessForms, _ routes: RouteTable) {
        let administration = access.administration
        for (path, kind) in [("/access/people", Account.Kind.user), ("/access/programs", .serviceAccount)] {
            forms.on(path, permission: .server, in: routes, page: { loader, _, notices in try loader.people(notices) })
            {
                sent in
                let role = try Self.role(sent.fields)
                _ = try await administration.create(
                    kind,
                    name: try sent.fields.required("name", called: "Name"),
                    password: kind == .user ? sent.fields["password"] : nil,
                    roles: role.map { [sent.caller.workspace: $0] } ?? [:],
                    by: sent.caller
                )
                return .go("/access")
            }
        }
        forms.on(
            "/access/role",
            permission: .admin,
            in: routes,
            page: { loader, _, notices in try loader.people(notices) }
        ) { sent in
            let name = try sent.fields.required("name", called: "Name")
            let workspace = sent.fields["workspace"] ?? sent.caller.workspace
            _ = try await administration.setRole(try Self.role(sent.fields), of: name, in: workspace, by: sent.caller)
            return .go(sent.fields["workspace"] == nil ? "/access" : ConsolePath.of("access", "accounts", name))
        }
        person("/access/password", forms, routes) { sent, account in
            try await administration.setPassword(
                of: account.name,
                to: try sent.fields.required("password", called: "New password"),
                current: nil,
                from: sent.context.clientAddress,
                by: sent.caller
            )
        }
        person("/access/administrator", forms, routes) { sent, account in
            let change = AccountChange(isServerAdministrator: sent.fields["administrator"] == "yes")
            _ = try await administration.update(account.name, account.kind, change, by: sent.caller)
        }
        person("/access/lock", forms, routes, back: "/access") { sent, account in
            let change = AccountChange(isDisabled: sent.fields["disabled"] == "yes")
            _ = try await administration.update(account.name, account.kind, change, by: sent.caller)
        }
        person("/access/delete", forms, routes, back: "/access") { sent, account in
            try await administration.delete(account.name, account.kind, by: sent.caller)
        }
    }

    /// A form about one account; it leads back to the account's page, or to `back`.
    private func person(
        _ path: String,
        _ forms: AccessForms,
        _ routes: RouteTable,
        back: String? = nil,
        _ act: @escaping @Sendable (AccessForms.Sent, Account) async throws -> Void
    ) {
        let directory = access.directory
        forms.on(
            path,
            permission: .server,
            in: routes,
            page: { loader, fields, notices in
                if back != nil { return try loader.people(notices) }
                return try loader.person(fields["name"] ?? "", notices)
            }
        ) { sent in
            guard let account = directory.account(name: try sent.fields.required("name", called: "Name")) else {
                throw MartletError(.notFound, "There is no account of this name any more.")
            }
            try await act(sent, account)
            return .go(back ?? ConsolePath.of("access", "accounts", account.name))
        }
    }

    private func registerTokens(_ forms: AccessForms, _ routes: RouteTable) {
        let (administration, clock) = (access.administration, access.clock)
        forms.on(
            "/access/tokens",
            permission: .server,
            in: routes,
            page: { loader, _, notices in try loader.tokens(notices) }
        ) { sent in
            let new = try Self.newToken(sent.fields, now: clock.now)
            let owner = try sent.fields.required("owner", called: "Of")
            let made = try await administration.createToken(new, for: owner, by: sent.caller)
            return .show(
                TokenMadePage(name: new.name, owner: made.owner.name, secret: made.secret, back: "/access/tokens")
            )
        }
        forms.on(
            "/access/tokens/revoke",
            permission: .server,
            in: routes,
            page: { loader, _, notices in try loader.tokens(notices) }
        ) { sent in
            try await administration.revokeToken(try sent.fields.required("id", called: "Token"), by: sent.caller)
            return .go("/access/tokens")
        }
    }

    private func registerGrants(_ forms: AccessForms, _ routes: RouteTable) {
        let administration = access.administration
        forms.on(
            "/access/grants",
            permission: .admin,
            in: routes,
            page: { loader, _, notices in try loader.grants(notices) }
        ) { sent in
            guard let kind = sent.fields["kind"].flatMap(ResourceKind.init(rawValue:)) else {
                throw MartletError(.invalidArgument, "Kind must be one of the list.")
            }
            let grant = ResourceGrant(
                kind: kind,
                id: try sent.fields.required("resource", called: "Thing"),
                permissions: PermissionSet(sent.fields.all("permissions").compactMap(Permission.init(rawValue:)))
            )
            let account = try sent.fields.required("account", called: "Who")
            _ = try await administration.grant(grant, to: account, by: sent.caller)
            return .go("/access/grants")
        }
        forms.on(
            "/access/grants/delete",
            permission: .admin,
            in: routes,
            page: { loader, _, notices in try loader.grants(notices) }
        ) { sent in
            try await administration.deleteGrant(try sent.fields.required("id", called: "Right"), by: sent.caller)
            return .go("/access/grants")
        }
    }

    private func registerSecrets(_ forms: AccessForms, _ routes: RouteTable) {
        let secrets = access.secrets
        forms.on(
            "/secrets",
            permission: .admin,
            in: routes,
            page: { loader, _, notices in try await loader.secrets(notices) }
        ) { sent in
            let name = try sent.fields.required("name", called: "Name")
            try await secrets.set(name, try sent.fields.required("value", called: "Value"), sent.caller.name)
            return .go("/secrets")
        }
        forms.on(
            "/secrets/delete",
            permission: .admin,
            in: routes,
            page: { loader, _, notices in try await loader.secrets(notices) }
        ) { sent in
            try await secrets.delete(try sent.fields.required("name", called: "Name"))
            return .go("/secrets")
        }
    }

    static func role(_ fields: FormFields) throws(MartletError) -> Role? {
        guard let text = fields["role"] else { return nil }
        guard let role = Role(rawValue: text) else {
            throw MartletError(.invalidArgument, "Role must be one of the list.")
        }
        return role
    }

    /// A token as its form asks for it.
    static func newToken(_ fields: FormFields, now: Timestamp) throws(MartletError) -> NewToken {
        let scopes = PermissionSet(fields.all("scopes").compactMap(Permission.init(rawValue:)))
        guard !scopes.isEmpty else {
            throw MartletError(.invalidArgument, "A token must be for something: tick at least one box.")
        }
        var end: Timestamp?
        if let text = fields["days"] {
            guard let days = Int64(text), (1...IdentityLimits.tokenDays).contains(days) else {
                throw MartletError(.invalidArgument, "Ends after must be one of the list.")
            }
            end = now + .seconds(days * 86_400)
        }
        return NewToken(
            name: try fields.required("name", called: "Name"),
            scopes: scopes.union(PermissionSet([.open, .account])),
            workspace: fields["workspace"],
            expiresAt: end
        )
    }
}
