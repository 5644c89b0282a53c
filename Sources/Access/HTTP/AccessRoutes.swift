import Core
package import HTTPSupport
import Hummingbird

/// Martlet's own methods for accounts, tokens, workspaces and rights.
package struct AccessRoutes {
    private let administration: AccessAdministration

    /// Routes over the rules.
    package init(administration: AccessAdministration) {
        self.administration = administration
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        AccountRoutes(administration: administration).register(in: routes)
        SessionRoutes(administration: administration).register(in: routes)
        TokenRoutes(administration: administration).register(in: routes)
        WorkspaceRoutes(administration: administration).register(in: routes)
        GrantRoutes(administration: administration).register(in: routes)
    }

    /// Where they lie.
    static let prefix = "/api/martlet/v1"
}

extension AppRequestContext {
    /// The text that the path has for `{name}`.
    ///
    /// - Throws: `invalidArgument` for broken escapes.
    func captured(_ name: String) throws -> String {
        guard let text = PercentEncoding.decode(try parameters.require(name)) else {
            throw MartletError(.invalidArgument, "The path has a broken percent escape.")
        }
        return text
    }
}

extension Request {
    /// The members of the JSON in the body, none of them unknown.
    func fields(_ allowed: [String]) async throws -> JSONFields {
        let fields = try JSONFields(try await readJSON(limit: IdentityLimits.bodyBytes))
        try fields.rejectUnknown(allowed)
        return fields
    }

    /// The page of a list in memory that the query asks for; `key` is what elements are told apart by.
    func page<Element: Sendable>(of all: [Element], key: (Element) -> String) throws -> Page<Element> {
        let limit = try queryInt("limit", in: 1...HTTPLimits.pageSize, default: HTTPLimits.defaultPageSize)
        var rest = all[...]
        if let text = query("page_token"), !text.isEmpty {
            guard let last = try PageToken.decode(text).stringValue else {
                throw MartletError(.invalidArgument, "'page_token' is of another list; ask for the first page again.")
            }
            // What stood there may be gone meanwhile; then the list begins anew rather than leaving something out.
            rest = all.firstIndex { key($0) == last }.map { all[($0 + 1)...] } ?? rest
        }
        let items = Array(rest.prefix(limit))
        let token = rest.count > limit ? items.last.map { PageToken.encode(.string(key($0))) } : nil
        return Page(items: items, nextPageToken: token)
    }
}

extension JSONFields {
    /// A role, or nil when absent.
    func optionalRole(_ key: String) throws(MartletError) -> Role? {
        guard let text = try optionalString(key) else { return nil }
        guard let role = Role(rawValue: text) else {
            throw invalid(key, "must be one of \(Role.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return role
    }

    /// Permissions by their names, or nil when absent.
    func optionalPermissions(_ key: String) throws(MartletError) -> PermissionSet? {
        guard value(key) != nil else { return nil }
        var found: [Permission] = []
        for name in try strings(key) {
            guard let permission = Permission(rawValue: name) else {
                let names = Permission.allCases.map(\.rawValue).joined(separator: ", ")
                throw MartletError(
                    .invalidArgument,
                    "'\(path(of: key))' must hold permissions (\(names)), but has '\(IdentityRules.shown(name))'."
                )
            }
            found.append(permission)
        }
        return PermissionSet(found)
    }
}
