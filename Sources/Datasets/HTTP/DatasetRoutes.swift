import Core
package import HTTPSupport
import Hummingbird

/// `GET /api/martlet/v1/data` and `/data/{name}`.
package struct DatasetRoutes {
    private let store: DatasetStore

    /// Routes over one store.
    package init(store: DatasetStore) {
        self.store = store
    }

    /// Registers the routes.
    package func register(in routes: RouteTable) {
        let store = store
        routes.get("/api/martlet/v1/data", permission: .read, errors: .martlet) { _, _ in
            let datasets = try await store.datasets()
            return .json(["items": .array(datasets.map(\.json))])
        }
        routes.get("/api/martlet/v1/data/{name}", permission: .read, errors: .martlet) { _, context in
            .json(try await store.dataset(context.parameters.require("name")).json)
        }
    }
}
