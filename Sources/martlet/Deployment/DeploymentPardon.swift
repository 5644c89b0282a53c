import ArgumentParser
import Core

/// `martlet deployment pardon NAME VERSION`.
struct DeploymentPardon: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "pardon",
        abstract: "Let a version that was rolled back be rolled out again."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The deployment's name.")
    var name: String
    @Argument(help: "The rejected version.")
    var version: Int

    func run(_ session: Session) async throws {
        try await DeploymentCommand.order("pardon", name, body: ["version": .int(version)], session)
    }
}
