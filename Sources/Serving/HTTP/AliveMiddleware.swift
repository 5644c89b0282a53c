import Core
package import HTTPSupport
import HTTPTypes
package import Hummingbird

/// KServe's liveness, `GET /`, beside the console's first page: browsers ask for HTML, KServe's clients do not.
package struct AliveMiddleware: RouterMiddleware {
    package typealias Context = AppRequestContext

    /// Makes the middleware.
    package init() {}

    @concurrent package func handle(
        _ request: Request,
        context: AppRequestContext,
        next: @concurrent (Request, AppRequestContext) async throws -> Response
    ) async throws -> Response {
        guard request.method == .get, request.uri.path == "/",
            !(request.headers[.accept]?.contains("text/html") ?? false)
        else { return try await next(request, context) }
        return .json(["status": "alive"])
    }
}
