import ArgumentParser

/// `martlet deployment abort NAME`.
struct DeploymentAbort: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "abort",
        abstract: "End the rollout; the candidate is rejected."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The deployment's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await DeploymentCommand.order("abort", name, session)
    }
}
