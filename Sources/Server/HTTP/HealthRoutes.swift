import Core
import HTTPSupport
import HTTPTypes
import Hummingbird
import Storage
import Synchronization

/// Whether the server is up and whether it may be sent requests.
///
/// `/health` and `/healthz` say "alive", `/livez` the same for Kubernetes, `/readyz` is 503 until everything is loaded
/// and again while the server drains. Where several servers can share the database, it also says which role this one
/// has, and what a follower does not run.
struct HealthRoutes {
    let readiness: Readiness
    let leadership: Leadership

    func register(in routes: RouteTable) {
        routes.get("/health", permission: .open, errors: .martlet) { _, _ in .text("OK") }
        for path in ["/healthz", "/livez"] {
            routes.get(path, permission: .open, errors: .martlet) { _, _ in .json(["status": "ok"]) }
        }
        let (readiness, leadership) = (readiness, leadership)
        routes.get("/readyz", permission: .open, errors: .martlet) { _, _ in
            let waiting = readiness.waiting
            guard waiting.isEmpty else {
                let names = JSONValue.array(waiting.map(JSONValue.string))
                return .json(["status": "not ready", "waiting": names], status: .serviceUnavailable)
            }
            guard leadership.isShared else { return .json(["status": "ready"]) }
            if leadership.isLeader { return .json(["status": "ready", "role": "leader"]) }
            let idle = JSONValue.array(LeaderOnly.parts.map(JSONValue.string))
            return .json(["status": "ready", "role": "follower", "not_run_here": idle])
        }
    }
}

/// What must happen before the server is ready.
final class Readiness: Sendable {
    private let state: Mutex<[String]>

    /// Not ready until each of `conditions` is met.
    init(conditions: [String]) {
        state = Mutex(conditions)
    }

    /// What is still waited for.
    var waiting: [String] {
        state.withLock { $0 }
    }

    /// Marks a condition as met.
    func met(_ condition: String) {
        state.withLock { $0.removeAll { $0 == condition } }
    }

    /// Makes the server not ready again, for a reason.
    func unmet(_ condition: String) {
        state.withLock { conditions in
            if !conditions.contains(condition) { conditions.append(condition) }
        }
    }
}
