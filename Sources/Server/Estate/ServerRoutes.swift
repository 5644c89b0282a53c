import Access
import Console
import Core
import HTTPSupport
import Hummingbird

/// What every workspace's router has of the server's: the gate, and routes about accounts.
struct ServerRoutes: Sendable {
    /// The gate of a route table; the second argument throws when this server cannot answer its routes at present.
    let gate: @Sendable (@escaping ResourceFinder, @escaping @Sendable () throws -> Void) -> RouteGate
    /// Registers the routes that are not a workspace's own.
    var register: @Sendable (RouteTable) -> Void
    /// What the console of a house shows of accounts.
    let console: @Sendable (House) -> ConsoleAccess
    /// Whether MLflow's clients may name workspaces.
    let hasWorkspaces: @Sendable () -> Bool
}
