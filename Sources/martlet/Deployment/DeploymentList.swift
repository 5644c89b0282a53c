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
        DeploymentFacts.table(deployments).write(
            to: session.terminal,
            empty: "There are no deployments; declare one and run `martlet apply`."
        )
    }
}
