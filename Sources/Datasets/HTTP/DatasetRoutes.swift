import Core
package import HTTPSupport
import Hummingbird
import Transforms

/// `GET /api/martlet/v1/data`, `/data/{name}`, its `/rows`, `/transform` and `/transform/preview`, and `POST …/ingest`.
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
        routes.get("/api/martlet/v1/data/{name}/rows", permission: .read, errors: .martlet) {
            request,
            context in
            let limit = try request.queryInt(
                "limit",
                in: 1...HTTPLimits.pageSize,
                default: HTTPLimits.defaultPageSize
            )
            var last: Int64 = 0
            if let token = request.query("page_token") {
                last = try JSONFields(try PageToken.decode(token)).int("after", in: 0 ... .max)
            }
            // One more than asked for tells whether another page follows.
            let rows = try await store.page(
                try context.parameters.require("name"),
                split: request.query("split"),
                after: last,
                limit: limit + 1
            )
            return .json(Self.json(rows, limit: limit))
        }
        registerTransform(in: routes)
        routes.post("/api/martlet/v1/data/{name}/ingest", permission: .operate, errors: .martlet) { _, context in
            let name = try context.parameters.require("name")
            var object = try await store.ingest(name).json
            object["dataset"] = .string(name)
            return .json(.object(object))
        }
    }

    private func registerTransform(in routes: RouteTable) {
        let store = store
        routes.get("/api/martlet/v1/data/{name}/transform", permission: .read, errors: .martlet) { _, context in
            let name = try context.parameters.require("name")
            guard let fitted = try await store.transform(name) else {
                throw MartletError(.notFound, "The transform of the dataset '\(name)' is not fitted yet.")
            }
            return .json(fitted.json)
        }
        routes.get("/api/martlet/v1/data/{name}/transform/preview", permission: .read, errors: .martlet) {
            request,
            context in
            let limit = try request.queryInt("limit", in: 1...HTTPLimits.pageSize, default: 10)
            let name = try context.parameters.require("name")
            let (table, isFitted) = try await store.transformPreview(name, limit: limit)
            return .json([
                "dataset": .string(name), "fitted": .bool(isFitted),
                "columns": .array(
                    table.columns.map { ["name": .string($0.name), "type": .string($0.transformKind.rawValue)] }
                ),
                "items": .array((0..<table.rowCount).map { row in .array(table.columns.map { $0.json(at: row) }) }),
            ])
        }
    }

    private static func json(_ rows: DatasetRows, limit: Int) -> JSONValue {
        let count = min(limit, rows.ids.count)
        let items = (0..<count).map { row in
            JSONValue.array(rows.table.columns.map { $0.json(at: row) })
        }
        var object: JSONObject = [
            "columns": .array(rows.table.columns.map { .string($0.name) }), "items": .array(items),
        ]
        if rows.ids.count > limit, count > 0 {
            object["next_page_token"] = .string(
                PageToken.encode(["after": .integer(rows.ids[count - 1])])
            )
        }
        return .object(object)
    }
}

extension Column {
    /// One value: a number, text, or null where missing.
    fileprivate func json(at row: Int) -> JSONValue {
        switch values {
        case .numbers(let values): values[row].isNaN ? .null : .number(values[row])
        case .integers(let values): .optional(values[row])
        case .strings(let values): .optional(values[row])
        }
    }
}
