import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// Rights to single things in the caller's workspace, and the rules that turn groups into roles.
struct GrantRoutes {
    let administration: AccessAdministration

    func register(in routes: RouteTable) {
        registerGrants(in: routes)
        registerRules(in: routes)
    }

    private func registerGrants(in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/grants"
        routes.get(path, permission: .admin, errors: .martlet) { request, context in
            var grants = try administration.grants(by: context.principal)
            if let account = request.query("account") {
                grants.removeAll { IdentityRules.key($0.owner) != IdentityRules.key(account) }
            }
            return .json(
                try request.page(of: grants, key: \.grant.id).json { AccessWire.grant($0.grant, owner: $0.owner) }
            )
        }
        routes.post(path, permission: .admin, errors: .martlet) { request, context in
            let fields = try await request.fields(["account", "kind", "id", "permissions"])
            let kind = try fields.string("kind")
            guard let kind = ResourceKind(rawValue: kind) else {
                throw fields.invalid(
                    "kind",
                    "must be one of \(ResourceKind.allCases.map(\.rawValue).joined(separator: ", "))"
                )
            }
            let name = try fields.string("account")
            let grant = ResourceGrant(
                kind: kind,
                id: try fields.string("id"),
                permissions: try fields.optionalPermissions("permissions") ?? PermissionSet([.read])
            )
            let stored = try await administration.grant(grant, to: name, by: context.principal)
            return .json(AccessWire.grant(stored, owner: name), status: .created)
        }
        routes.delete("\(path)/{id}", permission: .admin, errors: .martlet) { _, context in
            try await administration.deleteGrant(try context.captured("id"), by: context.principal)
            return .json([:])
        }
    }

    private func registerRules(in routes: RouteTable) {
        let administration = administration
        let path = "\(AccessRoutes.prefix)/group-rules"
        routes.get(path, permission: .server, errors: .martlet) { _, context in
            let rules = try await administration.groupRules(by: context.principal)
            return .json(["items": .array(rules.map(AccessWire.groupRule))])
        }
        routes.put(path, permission: .server, errors: .martlet) { request, context in
            let fields = try await request.fields(["items"])
            var rules: [GroupRule] = []
            for (position, element) in try fields.array("items").enumerated() {
                let rule = try JSONFields(element, path: "items[\(position)]")
                try rule.rejectUnknown(["issuer", "group", "workspace", "role", "server_administrator"])
                rules.append(
                    GroupRule(
                        issuer: try rule.optionalString("issuer"),
                        group: try rule.string("group"),
                        workspace: try rule.optionalString("workspace") ?? Account.everyWorkspace,
                        role: try rule.optionalRole("role"),
                        isServerAdministrator: try rule.optionalBool("server_administrator") ?? false
                    )
                )
            }
            try await administration.setGroupRules(rules, by: context.principal)
            return .json(["items": .array(rules.map(AccessWire.groupRule))])
        }
    }
}
