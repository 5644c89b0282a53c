import ArgumentParser

/// `martlet deployment pause NAME`.
struct DeploymentPause: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "pause",
        abstract: "Keep the rollout where it is."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The deployment's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await DeploymentCommand.order("pause", name, session)
    }
}
