package import Core
import Synchronization

/// A deployment as requests see it: its name and, replaced as a whole, where requests go.
package final class LiveDeployment: Sendable {
    /// The deployment's name.
    package let name: String
    /// The registered model it serves.
    package let model: String
    private let table = Mutex<RoutingTable?>(nil)

    /// Makes a deployment that serves nothing yet.
    package init(name: String, model: String) {
        self.name = name
        self.model = model
    }

    /// Where requests go now; nil until the first version is loaded.
    package var routing: RoutingTable? { table.withLock { $0 } }

    /// Where requests go now.
    ///
    /// - Throws: `unavailable` until the first version is loaded.
    package func ready() throws(MartletError) -> RoutingTable {
        guard let routing = table.withLock({ $0 }) else {
            throw MartletError(.unavailable, "The deployment '\(name)' is not ready: no version is loaded.")
        }
        return routing
    }

    /// Routes by `routing` from now on; requests under way finish where they are.
    package func install(_ routing: RoutingTable?) {
        table.withLock { $0 = routing }
    }
}
