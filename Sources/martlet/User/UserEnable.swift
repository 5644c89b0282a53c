import ArgumentParser
import Core

/// `martlet user enable NAME`.
struct UserEnable: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "enable", abstract: "Let a locked user in again.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The user's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await AccountPages(session: session, noun: .users).change(name, ["disabled": false])
    }
}
