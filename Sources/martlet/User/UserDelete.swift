import ArgumentParser
import Core

/// `martlet user delete NAME`.
struct UserDelete: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove a user with all tokens, roles and grants."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The user's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await AccountPages(session: session, noun: .users).delete(name)
    }
}
