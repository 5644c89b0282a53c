import ArgumentParser

/// `martlet deployment resume NAME`.
struct DeploymentResume: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "resume",
        abstract: "Let a paused rollout go on."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The deployment's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await DeploymentCommand.order("resume", name, session)
    }
}
