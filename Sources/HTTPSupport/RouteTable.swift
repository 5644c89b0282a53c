package import Core
package import HTTPTypes
package import Hummingbird
import Logging

/// The only way to register a route: each names the permission it needs and the shape of its errors.
///
/// The table is kept, so that the server refuses to start on a duplicate and tests can walk every route.
package final class RouteTable {
    /// Handles a request that was allowed.
    package typealias Handler = @Sendable (Request, AppRequestContext) async throws -> Response
    /// One route as registered.
    package struct Entry: Sendable, Hashable {
        /// The method.
        package let method: String
        /// The path pattern, such as `/runs/{id}`.
        package let path: String
        /// What it asks for.
        package let permission: Permission
        /// How it says what went wrong.
        package let errors: ErrorShape
        /// Whether changes made by it are written to the audit log.
        package let isAudited: Bool
    }

    /// The routes in order of registration.
    package private(set) var entries: [Entry] = []
    private let router: Router<AppRequestContext>
    private let gate: RouteGate

    /// A table that registers at `router` and asks `gate` before every handler.
    package init(router: Router<AppRequestContext>, gate: RouteGate) {
        self.router = router
        self.gate = gate
    }

    /// A table that allows everything, for tests of one feature's routes.
    package static func forTests(_ router: Router<AppRequestContext>) -> RouteTable {
        RouteTable(router: router, gate: RouteGate { _, _, _ in .localUser })
    }

    /// Registers a route.
    ///
    /// - Parameters:
    ///   - path: its pattern, such as `/runs/{id}`.
    ///   - method: the method.
    ///   - permission: what the caller needs.
    ///   - errors: how it says what went wrong.
    ///   - audited: whether its changes are written to the audit log; nil leaves that to the permission. Routes that
    ///     append measurements in bulk are not: their run says who made it.
    ///   - handler: answers requests that were allowed.
    package func on(
        _ path: String,
        method: HTTPRequest.Method,
        permission: Permission,
        errors: ErrorShape,
        audited: Bool? = nil,
        _ handler: @escaping Handler
    ) {
        let entry = Entry(
            method: method.rawValue,
            path: path,
            permission: permission,
            errors: errors,
            isAudited: audited ?? permission.isAudited
        )
        // Hummingbird traps on a second handler; `validate` reports it instead.
        let isRepeated = entries.contains { $0.method == entry.method && $0.path == path }
        entries.append(entry)
        guard !isRepeated else { return }
        let gate = gate
        router.on(RouterPath(path), method: method) { request, context in
            var (request, context) = (request, context)
            do {
                context.principal = try await gate.authorize(entry, &request, context)
                return try await gate.perform(entry, request, context, handler)
            } catch let error as HTTPError {
                let code = MartletError.Code.allCases.first { $0.httpStatus == error.status.code } ?? .invalidArgument
                let failure = MartletError(code, error.body ?? error.status.reasonPhrase)
                return gate.refuse(failure, entry, request, context)
            } catch {
                let failure = MartletError.wrapping(error)
                if failure.code == .internal || failure.code == .dataLoss {
                    context.logger.error(
                        "\(failure)",
                        metadata: ["request": "\(context.requestID)", "path": "\(path)"]
                    )
                }
                return gate.refuse(failure, entry, request, context)
            }
        }
    }

    /// Registers a GET route.
    package func get(_ path: String, permission: Permission, errors: ErrorShape, _ handler: @escaping Handler) {
        on(path, method: .get, permission: permission, errors: errors, handler)
    }

    /// Registers a HEAD route.
    package func head(_ path: String, permission: Permission, errors: ErrorShape, _ handler: @escaping Handler) {
        on(path, method: .head, permission: permission, errors: errors, handler)
    }

    /// Registers a POST route.
    package func post(_ path: String, permission: Permission, errors: ErrorShape, _ handler: @escaping Handler) {
        on(path, method: .post, permission: permission, errors: errors, handler)
    }

    /// Registers a PUT route.
    package func put(_ path: String, permission: Permission, errors: ErrorShape, _ handler: @escaping Handler) {
        on(path, method: .put, permission: permission, errors: errors, handler)
    }

    /// Registers a PATCH route.
    package func patch(_ path: String, permission: Permission, errors: ErrorShape, _ handler: @escaping Handler) {
        on(path, method: .patch, permission: permission, errors: errors, handler)
    }

    /// Registers a DELETE route.
    package func delete(_ path: String, permission: Permission, errors: ErrorShape, _ handler: @escaping Handler) {
        on(path, method: .delete, permission: permission, errors: errors, handler)
    }

    /// Throws when a method and path were registered twice: the second would silently never be reached.
    package func validate() throws(MartletError) {
        var seen: Set<String> = []
        for entry in entries where !seen.insert("\(entry.method) \(entry.path)").inserted {
            throw MartletError(.internal, "The route \(entry.method) \(entry.path) is registered twice.")
        }
    }
}
