import ArgumentParser
import Core

/// `martlet service-account disable NAME`.
struct ServiceAccountDisable: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "disable",
        abstract: "Lock a service account out, with all tokens."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The account's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await AccountPages(session: session, noun: .serviceAccounts).change(name, ["disabled": true])
    }
}
