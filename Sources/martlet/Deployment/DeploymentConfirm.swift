import ArgumentParser

/// `martlet deployment confirm NAME`.
struct DeploymentConfirm: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "confirm",
        abstract: "Say yes to a step that waits for a person."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The deployment's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await DeploymentCommand.order("confirm", name, session)
    }
}
