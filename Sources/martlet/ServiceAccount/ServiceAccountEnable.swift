import ArgumentParser
import Core

/// `martlet service-account enable NAME`.
struct ServiceAccountEnable: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "enable",
        abstract: "Let a locked service account in again."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The account's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await AccountPages(session: session, noun: .serviceAccounts).change(name, ["disabled": false])
    }
}
