import ArgumentParser

/// `martlet deployment delete NAME`.
struct DeploymentDelete: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Stop serving under a name; predictions and history stay."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The deployment's name.")
    var name: String

    func run(_ session: Session) async throws {
        let answer = try await session.server.send("DELETE", DeploymentCommand.path(name), nil)
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(name) is deleted")
    }
}
