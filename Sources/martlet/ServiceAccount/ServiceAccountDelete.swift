import ArgumentParser
import Core

/// `martlet service-account delete NAME`.
struct ServiceAccountDelete: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Remove a service account with all tokens, roles and grants."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The account's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await AccountPages(session: session, noun: .serviceAccounts).delete(name)
    }
}
