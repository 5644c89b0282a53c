import Core
package import HTTPSupport
import HTTPTypes
import Hummingbird

/// `GET /api/martlet/v1/audit` and `…/audit/head`: the audit log of the workspace, or of the accounts' database.
package struct AuditRoutes {
    private let log: AuditLog
    private let path: String
    private let permission: Permission

    /// Routes over a workspace's log, for its administrators.
    package init(log: AuditLog) {
        self.log = log
        path = "/api/martlet/v1/audit"
        permission = .admin
    }

    /// Routes over the log of the accounts' database, for administrators of the server.
    package init(serverLog log: AuditLog) {
        self.log = log
        path = "/api/martlet/v1/audit/server"
        permission = .server
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let log = log
        routes.get(path, permission: permission, errors: .martlet) { request, _ in
            let page = try await log.search(
                try Self.filter(request),
                isAscending: try Self.isAscending(request),
                limit: try request.queryInt(
                    "limit",
                    in: 1...AuditLimits.pageRecords,
                    default: AuditLimits.defaultPageRecords
                ),
                after: request.query("page_token")
            )
            let answer = Page(items: page.records, nextPageToken: page.nextToken)
            return .json(answer.json(\.json))
        }
        routes.get("\(path)/head", permission: permission, errors: .martlet) { _, _ in
            let head = try await log.head()
            return .json(["log": .string(log.name), "sequence": .integer(head.sequence), "hash": .string(head.hash)])
        }
    }

    private static func filter(_ request: Request) throws(MartletError) -> AuditFilter {
        var filter = AuditFilter()
        filter.actor = request.query("actor")
        filter.action = request.query("action")
        filter.object = request.query("object")
        if let text = request.query("outcome") {
            guard let outcome = AuditEntry.Outcome(rawValue: text) else {
                throw MartletError(
                    .invalidArgument,
                    "'outcome' must be 'done' or 'denied', but is '\(text.prefix(40))'."
                )
            }
            filter.outcome = outcome
        }
        filter.since = try time(request, "since")
        filter.until = try time(request, "until")
        return filter
    }

    private static func time(_ request: Request, _ name: String) throws(MartletError) -> Timestamp? {
        guard let text = request.query(name) else { return nil }
        guard let value = Int64(text) else {
            throw MartletError(
                .invalidArgument,
                "'\(name)' must be a time in milliseconds since 1970, but is '\(text.prefix(40))'."
            )
        }
        return Timestamp(milliseconds: value)
    }

    private static func isAscending(_ request: Request) throws(MartletError) -> Bool {
        switch request.query("order") {
        case nil, "desc": false
        case "asc": true
        case let text?:
            throw MartletError(.invalidArgument, "'order' must be 'asc' or 'desc', but is '\(text.prefix(40))'.")
        }
    }
}
