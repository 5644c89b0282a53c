import Access
import Core
import HTTPSupport
import HTTPTypes
import Hummingbird

/// Answers every request: the rules for browsers, then the gate, then the workspace's own routes.
struct EstateResponder: HTTPResponder {
    typealias Context = AppRequestContext

    let estate: Estate
    let gatekeeper: Gatekeeper
    let door: FrontDoor
    /// Hears of callers that were turned away at the gate.
    let refused: @Sendable (Denial) -> Void

    @concurrent func respond(to request: Request, context: AppRequestContext) async throws -> Response {
        switch door.verdict(on: request.head, peer: context.peerAddress) {
        case .refuse(let error): return ErrorShape.martlet.response(for: error, requestID: context.requestID)
        case .redirect(let address): return FrontDoor.redirect(to: address)
        case .pass(let facts):
            var context = context
            context.clientAddress = facts.address
            context.isSecure = facts.isSecure
            var response = try await admitted(request, context)
            door.finish(&response, facts)
            return response
        }
    }

    /// Answers a request that came in properly.
    private func admitted(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        var context = context
        let caller = Self.caller(of: request, context)
        do throws(MartletError) {
            context.principal = try await principal(caller)
            try gatekeeper.spend(context.principal)
        } catch {
            if error.code == .unauthenticated || error.code == .notFound {
                refused(Self.denial(error, request, context, caller))
            }
            return Self.response(error, request, context)
        }
        let house: Estate.Open
        do {
            house = try await self.house(of: context.principal.workspace)
        } catch {
            return Self.response(MartletError.wrapping(error), request, context)
        }
        return try await house.front.respond(request, context)
    }

    private func principal(_ caller: Caller) async throws(MartletError) -> Principal {
        switch gatekeeper.admitNow(caller) {
        case .admitted(let principal): principal
        case .refused(let error): throw error
        case .later: try await gatekeeper.admit(caller)
        }
    }

    private func house(of workspace: String) async throws -> Estate.Open {
        if let open = estate.open(workspace) { return open }
        return try await estate.house(of: workspace)
    }

    /// What a request says about who sends it.
    static func caller(of request: Request, _ context: AppRequestContext) -> Caller {
        let headers = request.headers
        return Caller(
            authorization: headers[.authorization],
            session: SessionCookie.secret(in: headers),
            workspace: headers[.mlflowWorkspace] ?? headers[.martletWorkspace],
            choice: WorkspaceCookie.workspace(in: headers),
            address: context.clientAddress
        )
    }

    private static func response(_ error: MartletError, _ request: Request, _ context: AppRequestContext) -> Response {
        FallbackMiddleware.shape(of: request).response(for: error, requestID: context.requestID)
    }

    private static func denial(
        _ error: MartletError,
        _ request: Request,
        _ context: AppRequestContext,
        _ caller: Caller
    ) -> Denial {
        Denial(
            actor: "",
            workspace: nil,
            method: request.method.rawValue,
            path: request.uri.path,
            requestID: context.requestID,
            address: caller.address,
            reason: error.message
        )
    }
}

extension HTTPField.Name {
    /// MLflow's way to name a workspace.
    static let mlflowWorkspace = HTTPField.Name("X-MLFLOW-WORKSPACE") ?? .authorization
    /// Martlet's own.
    static let martletWorkspace = HTTPField.Name("X-Martlet-Workspace") ?? .authorization
}
