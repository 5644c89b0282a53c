import Access
import Core
import HTTPSupport
import Hummingbird
import Loop
import Monitoring
import Pipelines
import Replay
import Rollouts
import Serving

/// The buttons: forms that work without the script, and the same for the script, which sends JSON and shows the answer.
struct ConsoleActions: Sendable {
    let sources: ConsoleSources

    func register(in routes: RouteTable) {
        let sources = sources
        for command in RolloutCommand.allCases {
            action("/deployments/{name}/\(command.rawValue)", in: routes) { _, context in
                let name = try context.parameters.require("name")
                try await sources.deployments.command(command, name, by: context.principal.name)
                return ConsolePath.of("deployments", name)
            }
        }
        action("/deployments/{name}/pardon", in: routes) { form, context in
            let name = try context.parameters.require("name")
            let text = try form.fields.required("version", called: "Version")
            guard let version = Int(text), version > 0 else {
                throw MartletError(.invalidArgument, "'version' must be a whole number, but is '\(text.prefix(40))'.")
            }
            try await sources.deployments.pardon(name, version: version, by: context.principal.name)
            return ConsolePath.of("deployments", name)
        }
        action("/loop/triggers/{name}/fire", in: routes) { _, context in
            let name = try context.parameters.require("name")
            let who = context.principal.name
            let signal = LoopSignal(kind: .hand, message: "Fired by \(who).", evidence: ["by": .string(who)])
            return ConsolePath.of("loops", try await sources.loops.fire(trigger: name, signal: signal).id)
        }
        action("/loops/{id}/cancel", in: routes) { _, context in
            let id = try context.parameters.require("id")
            _ = try await sources.loops.cancel(id, by: context.principal.name)
            return ConsolePath.of("loops", id)
        }
        action("/replays/{id}/cancel", in: routes) { _, context in
            let id = try context.parameters.require("id")
            _ = try await sources.replays?.cancel(id, by: context.principal.name)
            return ConsolePath.of("replays", id)
        }
        action("/pipelines/{name}/runs", in: routes) { _, context in
            let name = try context.parameters.require("name")
            let id = try await sources.pipelines.startRun(pipeline: name, parameters: [:], trigger: "console")
            return ConsolePath.of("pipeline-runs", id)
        }
        action("/drift/{name}/evaluate", in: routes) { _, context in
            let name = try context.parameters.require("name")
            _ = try await sources.monitors.evaluate(name)
            return ConsolePath.of("drift", name)
        }
        action("/pipeline-runs/{id}/cancel", in: routes) { _, context in
            let id = try context.parameters.require("id")
            try await sources.pipelines.cancel(id)
            return ConsolePath.of("pipeline-runs", id)
        }
    }

    /// Registers a button; `act` returns the page to see afterwards.
    private func action(
        _ path: String,
        in routes: RouteTable,
        _ act: @escaping @Sendable (ConsoleForm, AppRequestContext) async throws -> String
    ) {
        routes.post(path, permission: .operate, errors: .martlet) { request, context in
            let form = try await ConsoleForm(request, context)
            let next = try await act(form, context)
            guard form.isScripted else { return .redirect(to: next, type: .normal) }
            return .json(["location": .string(next)])
        }
    }
}
