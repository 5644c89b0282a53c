import ArgumentParser
import Core

/// `martlet user disable NAME`.
struct UserDisable: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Lock a user out, with all tokens and sessions."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The user's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await AccountPages(session: session, noun: .users).change(name, ["disabled": true])
    }
}
