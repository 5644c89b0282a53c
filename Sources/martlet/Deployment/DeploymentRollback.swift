import ArgumentParser

/// `martlet deployment rollback NAME`.
struct DeploymentRollback: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "rollback",
        abstract: "Return to the version before: end the rollout, or undo the last promotion."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The deployment's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await DeploymentCommand.order("rollback", name, session)
    }
}
