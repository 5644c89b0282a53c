import ArgumentParser
import Core

/// `martlet user show NAME`.
struct UserShow: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a user.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The user's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await AccountPages(session: session, noun: .users).show(name)
    }
}
