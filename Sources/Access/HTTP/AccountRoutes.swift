import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// Who am I, users and service accounts.
struct AccountRoutes {
    let administration: AccessAdministration

    func register(in routes: RouteTable) {
        registerSelf(in: routes)
        for (noun, kind) in [("users", Account.Kind.user), ("service-accounts", .serviceAccount)] {
            registerReads(noun, kind, in: routes)
            registerWrites(noun, kind, in: routes)
        }
        registerPassword(in: routes)
    }

    private func registerSelf(in routes: RouteTable) {
        let administration = administration
        routes.get("\(AccessRoutes.prefix)/whoami", permission: .account, errors: .martlet) { _, context in
            let caller = context.principal
            var object: JSONObject = [
                "name": .string(caller.name), "kind": .string(caller.kind.rawValue),
                "workspace": .string(caller.workspace), "permissions": AccessWire.permissions(caller.permissions),
                "server_administrator": .bool(caller.isServerAdministrator),
            ]
            if let role = caller.accountID.flatMap({ administration.directory.account(id: $0) })?.role(
                in: caller.workspace
            ) {
                object["role"] = .string(role.rawValue)
            }
            if let token = caller.tokenID { object["token"] = .string(token) }
            object["workspaces"] = .array(administration.workspaces(by: caller).map { .string($0.name) })
            return .json(.object(object))
        }
    }

    private func registerReads(_ noun: String, _ kind: Account.Kind, in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/\(noun)"
        routes.get(path, permission: .server, errors: .martlet) { request, context in
            let accounts = try administration.accounts(kind, by: context.principal)
            return .json(try request.page(of: accounts, key: \.name).json(AccessWire.account))
        }
        routes.get("\(path)/{name}", permission: .server, errors: .martlet) { _, context in
            let name = try context.captured("name")
            return .json(AccessWire.account(try administration.account(name, kind, by: context.principal)))
        }
    }

    private func registerWrites(_ noun: String, _ kind: Account.Kind, in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/\(noun)"
        routes.post(path, permission: .server, errors: .martlet) { request, context in
            let fields = try await request.fields(["name", "password", "server_administrator", "roles"])
            let account = try await administration.create(
                kind,
                name: try fields.string("name"),
                password: try fields.optionalString("password"),
                isServerAdministrator: try fields.optionalBool("server_administrator") ?? false,
                roles: try Self.roles(fields),
                by: context.principal
            )
            return .json(AccessWire.account(account), status: .created)
        }
        routes.patch("\(path)/{name}", permission: .server, errors: .martlet) { request, context in
            let fields = try await request.fields(["name", "server_administrator", "disabled"])
            let change = AccountChange(
                name: try fields.optionalString("name"),
                isServerAdministrator: try fields.optionalBool("server_administrator"),
                isDisabled: try fields.optionalBool("disabled")
            )
            let name = try context.captured("name")
            return .json(
                AccessWire.account(try await administration.update(name, kind, change, by: context.principal))
            )
        }
        routes.delete("\(path)/{name}", permission: .server, errors: .martlet) { _, context in
            try await administration.delete(try context.captured("name"), kind, by: context.principal)
            return .json([:])
        }
    }

    private func registerPassword(in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/users/{name}"
        routes.put("\(path)/password", permission: .account, errors: .martlet) { request, context in
            let fields = try await request.fields(["password", "current_password"])
            try await administration.setPassword(
                of: try context.captured("name"),
                to: try fields.string("password"),
                current: try fields.optionalString("current_password"),
                from: context.clientAddress,
                by: context.principal
            )
            return .json([:])
        }
        routes.delete("\(path)/sessions", permission: .account, errors: .martlet) { _, context in
            let count = try await administration.endSessions(
                of: try context.captured("name"),
                by: context.principal
            )
            return .json(["ended": .int(count)])
        }
    }

    private static func roles(_ fields: JSONFields) throws -> [String: Role] {
        guard let members = try fields.optionalFields("roles") else { return [:] }
        var roles: [String: Role] = [:]
        for workspace in members.object.keys { roles[workspace] = try members.optionalRole(workspace) }
        return roles
    }
}
