import Core
package import HTTPSupport
import HTTPTypes

/// Methods of MLflow that this server does not have: they answer so in words, with a status that clients do not retry.
package struct UnimplementedRoutes {
    /// Families of methods by API version: the first part of the path after `/mlflow/` and what it is about.
    private static let families: [(version: String, family: String, what: String)] = [
        ("3.0", "issues", "issues"), ("3.0", "label-schemas", "label schemas"),
        ("3.0", "review-queues", "review queues"),
        ("3.0", "gateway", "the AI gateway"), ("3.0", "prompt-optimization", "prompt optimization"),
        ("3.0", "mcp-servers", "the registry of MCP servers"), ("3.0", "jobs", "jobs"),
    ]

    /// Single methods of families that are here otherwise.
    private static let methods: [(version: String, path: String, method: HTTPRequest.Method, what: String)] = [
        ("3.0", "traces/metrics", .post, "metrics over traces"),
        ("3.0", "traces/calculate-filter-correlation", .post, "correlations of trace filters"),
        ("2.0", "unified-traces", .get, "traces of inference tables"),
        ("2.0", "get-online-trace-details", .get, "traces of inference tables"),
    ]

    /// Makes the routes.
    package init() {}

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        for (version, family, what) in Self.families {
            for prefix in ["/api/", "/ajax-api/"] {
                let path = "\(prefix)\(version)/mlflow/\(family)"
                refuse(path, what, in: routes)
                refuse(path + "/**", what, in: routes)
            }
        }
        for (version, path, method, what) in Self.methods {
            for prefix in ["/api/", "/ajax-api/"] {
                refuse("\(prefix)\(version)/mlflow/\(path)", what, in: routes, methods: [method])
            }
        }
        refuse("/graphql", "GraphQL", in: routes, methods: [.get, .post])
    }

    private func refuse(
        _ path: String,
        _ what: String,
        in routes: RouteTable,
        methods: [HTTPRequest.Method] = [.get, .post, .patch, .put, .delete]
    ) {
        for method in methods {
            let permission: Permission = method == .get ? .read : .write
            routes.on(path, method: method, permission: permission, errors: .mlflow) { _, _ in
                throw MartletError(
                    .unimplemented,
                    "Not available on this server: \(what) of MLflow's API. The page docs/tracking.md says what is."
                )
            }
        }
    }
}
