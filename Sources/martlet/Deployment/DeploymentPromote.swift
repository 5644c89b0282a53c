import ArgumentParser

/// `martlet deployment promote NAME`.
struct DeploymentPromote: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "promote",
        abstract: "Give the candidate all traffic now, whatever the checks say."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The deployment's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await DeploymentCommand.order("promote", name, session)
    }
}
