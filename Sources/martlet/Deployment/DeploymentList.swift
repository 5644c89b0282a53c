import ArgumentParser
import Core

/// `martlet deployment list`.
struct DeploymentList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List deployments.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        let deployments = try await session.items("/api/martlet/v1/deployments", limit: list.limit)
        guard !session.wroteJSON(["items": .array(deployments)]) else { return }
        var table = TextTable([
            .init(title: "NAME", isFixed: true), .init(title: "FOLLOWS"),
            .init(title: "STATE", colour: Words.colour), .init(title: "SERVES"),
            .init(title: "LAST ROLLOUT", colour: Words.colour), .init(title: "MESSAGE"),
        ])
        for deployment in deployments {
            let spec = deployment["spec"]
            table.add([
                Words.text(deployment["name"]), "\(Words.text(spec?["model"]))@\(Words.text(spec?["alias"]))",
                DeploymentFacts.state(deployment), DeploymentFacts.split(deployment),
                Words.text(deployment["rollout"]?["state"]), Words.text(deployment["message"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no deployments; declare one and run `martlet apply`.")
    }
}
