package import Core
package import HTTPSupport
package import Hummingbird
import Storage

/// Finds the thing that a request is about, for callers whose rights are to single things.
package typealias ResourceFinder =
    @Sendable (RouteTable.Entry, inout Request, AppRequestContext) async throws -> ResourceName?

/// The one rule of every route: the permission that it names, against what the gate found out about the caller.
package enum RouteAccess {
    /// The gate of a route table.
    ///
    /// - Parameters:
    ///   - finder: finds what a request is about.
    ///   - checkForm: called for requests of the console's sessions that change something; it throws
    ///     `permissionDenied` unless they carry the session's token against forged requests.
    ///   - refused: hears of callers that were told no, for the audit log.
    ///   - login: the page that lets people log in, for routes that are pages; nil for an error.
    ///   - check: throws when this server cannot answer the routes at present.
    /// - Returns: the gate.
    package static func gate(
        finder: @escaping ResourceFinder = { _, _, _ in nil },
        checkForm: @escaping @Sendable (inout Request, Principal) async throws -> Void = { _, _ in },
        refused: @escaping @Sendable (MartletError, RouteTable.Entry, AppRequestContext) -> Void = { _, _, _ in },
        login: @escaping @Sendable (Request) -> Response? = { _ in nil },
        unless check: @escaping @Sendable () throws -> Void = {}
    ) -> RouteGate {
        RouteGate(
            perform: perform,
            refuse: { error, entry, request, context in
                let isRefusal = error.code == .unauthenticated || error.code == .permissionDenied
                if isRefusal { refused(error, entry, context) }
                if error.code == .unauthenticated, case .page = entry.errors, let page = login(request) { return page }
                return entry.errors.response(for: error, requestID: context.requestID)
            },
            authorize: { entry, request, context in
                let principal = context.principal
                try await allow(principal, entry, &request, context, finder)
                if principal.sessionID != nil, changes(request) { try await checkForm(&request, principal) }
                if entry.permission != .open { try check() }
                return principal
            }
        )
    }

    private static func changes(_ request: Request) -> Bool {
        request.method != .get && request.method != .head && request.method != .options
    }

    private static func allow(
        _ principal: Principal,
        _ entry: RouteTable.Entry,
        _ request: inout Request,
        _ context: AppRequestContext,
        _ finder: ResourceFinder
    ) async throws {
        if entry.permission == .open || principal.permissions.contains(entry.permission) { return }
        if principal.kind == .anonymous {
            throw MartletError(
                .unauthenticated,
                "You are not logged in. Send a token (Authorization: Bearer …) or a name and password (Basic); "
                    + "MLflow's client takes MLFLOW_TRACKING_TOKEN, or MLFLOW_TRACKING_USERNAME and "
                    + "MLFLOW_TRACKING_PASSWORD."
            )
        }
        if !principal.grants.isEmpty, let resource = try await finder(entry, &request, context),
            principal.grants.contains(where: { $0.gives(entry.permission, to: resource) })
        {
            return
        }
        throw MartletError(.permissionDenied, refusal(of: principal, entry.permission))
    }

    /// Why somebody who is known may not.
    private static func refusal(of principal: Principal, _ permission: Permission) -> String {
        if permission == .server || permission == .metrics {
            return
                "'\(principal.name)' may not do this: it needs the permission '\(permission.rawValue)', which server "
                + "administrators have."
        }
        let roles = Role.allCases.filter { $0.permissions.contains(permission) }
        let role = roles.first.map { ", which the role '\($0.rawValue)' gives" } ?? ""
        return "'\(principal.name)' may not do this in the workspace '\(principal.workspace)': it needs the permission "
            + "'\(permission.rawValue)'\(role). An administrator of the workspace can give it"
            + (principal.tokenID == nil ? "." : ", and the token must have it among its scopes.")
    }

    /// Runs a handler so that what it changes is recorded with who asked for it.
    private static func perform(
        _ entry: RouteTable.Entry,
        _ request: Request,
        _ context: AppRequestContext,
        _ handler: RouteTable.Handler
    ) async throws -> Response {
        guard entry.isAudited else { return try await handler(request, context) }
        let change = ChangeContext(
            actor: context.principal.name,
            token: context.principal.tokenID,
            workspace: context.principal.workspace,
            requestID: context.requestID,
            action: "\(entry.method) \(entry.path)",
            object: request.uri.path,
            address: context.clientAddress
        )
        return try await ChangeContext.$current.withValue(change) { try await handler(request, context) }
    }
}
