package import Core
package import HTTPSupport
import Hummingbird
import Ledger
import Rollouts

/// Martlet's own API for deployments: state, history, predictions and the operator's commands.
package struct DeploymentRoutes: Sendable {
    private static let prefix = "/api/martlet/v1/deployments"
    private let controller: DeploymentController
    private let store: DeploymentStore
    private let ledger: PredictionLedger
    private let clock: Clock

    /// Serves the deployments of `controller`.
    package init(controller: DeploymentController, store: DeploymentStore, ledger: PredictionLedger, clock: Clock) {
        self.controller = controller
        self.store = store
        self.ledger = ledger
        self.clock = clock
    }

    /// Adds the routes.
    package func register(in routes: RouteTable) {
        let controller = controller
        routes.get(Self.prefix, permission: .read, errors: .martlet) { _, _ in
            let statuses = await controller.statuses()
            return .json(["items": .array(statuses.map(\.json))])
        }
        routes.get("\(Self.prefix)/{name}", permission: .read, errors: .martlet) { [self] _, context in
            .json(try await detail(try Self.name(context)))
        }
        routes.put("\(Self.prefix)/{name}", permission: .operate, errors: .martlet) { [self] request, context in
            let name = try Self.name(context)
            let fields = try JSONFields(
                try await request.readJSON(limit: ServingLimits.deploymentBytes),
                path: "deployment"
            )
            try await controller.apply([try DeploymentSpec(name: name, fields: fields)])
            return .json(try await detail(name))
        }
        routes.delete("\(Self.prefix)/{name}", permission: .operate, errors: .martlet) { _, context in
            try await controller.remove(try Self.name(context))
            return .json([:])
        }
        for command in RolloutCommand.allCases {
            let path = "\(Self.prefix)/{name}/\(command.rawValue)"
            routes.post(path, permission: .operate, errors: .martlet) { [self] _, context in
                let name = try Self.name(context)
                try await controller.command(command, name, by: context.principal.name)
                return .json(try await detail(name))
            }
        }
        routes.post("\(Self.prefix)/{name}/pardon", permission: .operate, errors: .martlet) { [self] request, context in
            let name = try Self.name(context)
            let body = try JSONFields(try await request.readJSON(limit: ServingLimits.commandBytes))
            try body.rejectUnknown(["version"])
            let version = Int(try body.int("version", in: 1...Int64(Int32.max)))
            try await controller.pardon(name, version: version, by: context.principal.name)
            return .json(try await detail(name))
        }
        routes.get("\(Self.prefix)/{name}/predictions", permission: .read, errors: .martlet) {
            [self] request, context in
            try await predictions(try Self.name(context), request)
        }
    }

    private static func name(_ context: AppRequestContext) throws -> String {
        let encoded = try context.parameters.require("name")
        guard let name = PercentEncoding.decode(encoded) else { throw DeploymentTable.unknown(encoded) }
        return name
    }

    private func detail(_ name: String) async throws -> JSONValue {
        let status = try await controller.status(name)
        guard case .object(var object) = status.json else { return status.json }
        let limit = ServingLimits.eventsPerPage
        object["events"] = .array(try await store.events(name, limit: limit).map(\.json))
        object["revisions"] = .array(try await store.revisions(name, limit: limit).map(\.json))
        object["rollouts"] = .array(try await store.rollouts(name, limit: 20).map(\.json))
        let quality = try await ledger.quality(name, since: clock.now - .seconds(86_400), window: .seconds(3600))
        object["quality"] = .array(quality.map(\.json))
        return .object(object)
    }

    private func predictions(_ name: String, _ request: Request) async throws -> Response {
        _ = try await controller.status(name)
        let limit = try request.queryInt(
            "limit",
            in: 1...ServingLimits.predictionsPerPage,
            default: min(HTTPLimits.defaultPageSize, ServingLimits.predictionsPerPage)
        )
        let before = try request.query("page_token").map { try LedgerPosition(pageToken: $0) }
        let rows = try await ledger.page(name, limit: limit, before: before)
        let next = rows.count == limit ? rows.last?.position.pageToken : nil
        return .json(Page(items: rows.map(\.record), nextPageToken: next).json(\.json))
    }
}
