import Access
import HTTPSupport
import Pipelines

/// What a task gets so that MLflow's client in it reaches the workspace that the task belongs to, and no other.
enum PassWiring {
    /// A pass that ends with the task; nil when it needs none.
    static func pass(to task: String, of workspace: String, _ gatekeeper: Gatekeeper) -> TaskPass? {
        var environment: [String: String] = [:]
        if workspace != Principal.defaultWorkspace { environment["MLFLOW_WORKSPACE"] = workspace }
        guard gatekeeper.mode == .accounts, let secret = gatekeeper.passes.issue(to: task, workspace: workspace) else {
            return environment.isEmpty ? nil : TaskPass(environment: environment) {}
        }
        environment["MLFLOW_TRACKING_TOKEN"] = secret
        return TaskPass(environment: environment) { gatekeeper.passes.withdraw(secret) }
    }
}
