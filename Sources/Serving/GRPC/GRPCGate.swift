import Core
package import HTTPSupport

/// What a call says about who makes it.
package struct GRPCCredentials: Sendable, Equatable {
    /// The metadata `authorization`: `Bearer …` or `Basic …`; nil without it.
    package let authorization: String?
    /// The metadata `x-mlflow-workspace` or `x-martlet-workspace`; nil when no workspace is named.
    package let workspace: String?
    /// The client's address, without port; nil when it is not known.
    package let address: String?
    /// The method's path, such as `/inference.GRPCInferenceService/ModelInfer`.
    package let method: String

    /// States credentials.
    package init(authorization: String? = nil, workspace: String? = nil, address: String? = nil, method: String) {
        self.authorization = authorization
        self.workspace = workspace
        self.address = address
        self.method = method
    }
}

/// What a caller calls: the models of a workspace, with the rights that the caller has there.
package struct GRPCTenant: Sendable {
    /// The workspace's data plane.
    package let plane: DataPlane
    /// The workspace's models.
    package let repository: ModelRepository
    /// Who calls.
    package let principal: Principal
    /// Whether this server answers for the models now; one of several servers on a database does.
    package let isOpen: Bool

    /// States a tenant.
    package init(plane: DataPlane, repository: ModelRepository, principal: Principal, isOpen: Bool = true) {
        self.plane = plane
        self.repository = repository
        self.principal = principal
        self.isOpen = isOpen
    }
}

/// Finds out who calls, for every call of a method that is not open to everybody.
package struct GRPCGate: Sendable {
    /// Admits at once, on the connection's event loop; nil when that takes waiting.
    package typealias Now = @Sendable (GRPCCredentials) throws -> GRPCTenant?
    /// Admits after waiting, such as for a password's check.
    package typealias Later = @Sendable (GRPCCredentials) async throws -> GRPCTenant

    let now: Now
    let later: Later

    /// A gate of two functions, which also count the call against the caller's rate.
    ///
    /// They throw `unauthenticated`, `notFound` for a workspace that is not the caller's, `resourceExhausted`, or
    /// `unavailable`. Whether the caller may do what the method does is not their business.
    package init(now: @escaping Now, later: @escaping Later) {
        self.now = now
        self.later = later
    }

    /// A gate that lets everybody call one tenant's models: for a server without accounts.
    package init(everybody tenant: GRPCTenant) {
        self.init(now: { _ in tenant }, later: { _ in tenant })
    }

    /// Admits at once; nil when that takes waiting.
    func admitNow(_ credentials: GRPCCredentials) throws(MartletError) -> GRPCTenant? {
        do { return try now(credentials) } catch { throw MartletError.wrapping(error) }
    }

    /// Admits, waiting if need be.
    func admit(_ credentials: GRPCCredentials) async throws(MartletError) -> GRPCTenant {
        do {
            if let tenant = try now(credentials) { return tenant }
            return try await later(credentials)
        } catch {
            throw MartletError.wrapping(error)
        }
    }
}
