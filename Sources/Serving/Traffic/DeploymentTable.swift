package import Core
import Synchronization

/// All deployments of the server, by name.
package final class DeploymentTable: Sendable {
    private struct State {
        var byName: [String: LiveDeployment] = [:]
        var only: LiveDeployment?
    }

    /// What stands before the names of deployments in metrics, such as `team/`; empty for the default workspace.
    package let scope: String
    private let state = Mutex(State())

    /// Makes an empty table.
    package init(scope: String = "") {
        self.scope = scope
    }

    /// The deployments in the order of their names.
    package var all: [LiveDeployment] {
        state.withLock { $0.byName.values.sorted { $0.name < $1.name } }
    }

    /// The deployment `name`; without a name the only one there is.
    ///
    /// - Throws: `notFound` naming what there is; `invalidArgument` when a name is needed.
    package func find(_ name: String?) throws(MartletError) -> LiveDeployment {
        let (found, count) = state.withLock { state -> (LiveDeployment?, Int) in
            guard let name else { return (state.only, state.byName.count) }
            return (state.byName[name], state.byName.count)
        }
        if let found { return found }
        if let name { throw Self.unknown(name) }
        guard count > 0 else {
            throw MartletError(.notFound, "Nothing is deployed; apply a manifest with a 'deployments' section.")
        }
        throw MartletError(.invalidArgument, "'deployment' is missing: there are \(count) deployments to choose from.")
    }

    /// Adds or replaces a deployment.
    package func insert(_ deployment: LiveDeployment) {
        change { $0[deployment.name] = deployment }
    }

    /// Removes a deployment; requests under way finish.
    package func remove(_ name: String) {
        change { $0[name] = nil }
    }

    private func change(_ edit: (inout [String: LiveDeployment]) -> Void) {
        state.withLock { state in
            edit(&state.byName)
            state.only = state.byName.count == 1 ? state.byName.values.first : nil
        }
    }

    /// The error for a name that is not deployed.
    static func unknown(_ name: String) -> MartletError {
        MartletError(.notFound, "There is no deployment '\(name.prefix(ServingLimits.nameBytes))'.")
    }
}
