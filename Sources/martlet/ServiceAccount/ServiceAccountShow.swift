import ArgumentParser
import Core

/// `martlet service-account show NAME`.
struct ServiceAccountShow: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a service account.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The account's name.")
    var name: String

    func run(_ session: Session) async throws {
        try await AccountPages(session: session, noun: .serviceAccounts).show(name)
    }
}
