package import Core
package import Hummingbird

/// What stands between the router and every handler.
package struct RouteGate: Sendable {
    /// Decides who asks and whether they may; throws `unauthenticated` or `permissionDenied`.
    ///
    /// It may read the request's body to learn what the request is about, and then puts it back.
    package typealias Authorizer =
        @Sendable (RouteTable.Entry, inout Request, AppRequestContext) async throws -> Principal
    /// Runs the handler of a request that was allowed.
    package typealias Performer =
        @Sendable (RouteTable.Entry, Request, AppRequestContext, RouteTable.Handler) async throws -> Response
    /// Says why a request was not answered as it was meant.
    package typealias Refuser = @Sendable (MartletError, RouteTable.Entry, Request, AppRequestContext) -> Response

    /// Decides.
    package let authorize: Authorizer
    /// Runs.
    package let perform: Performer
    /// Says no.
    package let refuse: Refuser

    /// A gate; by itself it runs handlers as they are and says errors in the route's shape.
    package init(
        perform: @escaping Performer = { _, request, context, handler in try await handler(request, context) },
        refuse: @escaping Refuser = { error, entry, _, context in
            entry.errors.response(for: error, requestID: context.requestID)
        },
        authorize: @escaping Authorizer
    ) {
        self.authorize = authorize
        self.perform = perform
        self.refuse = refuse
    }
}

extension Permission {
    /// Whether what is done with the permission is written to the audit log if the route does not say otherwise.
    package var isAudited: Bool {
        switch self {
        case .open, .read, .predict, .metrics: false
        case .account, .write, .operate, .admin, .server: true
        }
    }
}
