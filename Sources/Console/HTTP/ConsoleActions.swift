import Core
import HTTPSupport
import Hummingbird
import Monitoring
import Pipelines
import Serving

/// The buttons: forms that work without the script, and the same for the script, which sends JSON and shows the answer.
struct ConsoleActions: Sendable {
    let sources: ConsoleSources

    func register(in routes: RouteTable) {
        let sources = sources
        for command in RolloutCommand.allCases {
            action("/deployments/{name}/\(command.rawValue)", in: routes) { context in
                let name = try context.parameters.require("name")
                try await sources.deployments.command(command, name, by: context.principal.name)
                return ConsolePath.of("deployments", name)
            }
        }
        action("/pipelines/{name}/runs", in: routes) { context in
            let name = try context.parameters.require("name")
            let id = try await sources.pipelines.startRun(pipeline: name, parameters: [:], trigger: "console")
            return ConsolePath.of("pipeline-runs", id)
        }
        action("/drift/{name}/evaluate", in: routes) { context in
            let name = try context.parameters.require("name")
            _ = try await sources.monitors.evaluate(name)
            return ConsolePath.of("drift", name)
        }
        action("/pipeline-runs/{id}/cancel", in: routes) { context in
            let id = try context.parameters.require("id")
            try await sources.pipelines.cancel(id)
            return ConsolePath.of("pipeline-runs", id)
        }
    }

    /// Registers a button; `act` returns the page to see afterwards.
    private func action(
        _ path: String,
        in routes: RouteTable,
        _ act: @escaping @Sendable (AppRequestContext) async throws -> String
    ) {
        routes.post(path, permission: .operate, errors: .martlet) { request, context in
            let form = try await ConsoleForm(request, context)
            let next = try await act(context)
            guard form.isScripted else { return .redirect(to: next, type: .normal) }
            return .json(["location": .string(next)])
        }
    }
}
