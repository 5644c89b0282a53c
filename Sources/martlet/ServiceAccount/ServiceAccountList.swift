import ArgumentParser
import Core

/// `martlet service-account list`.
struct ServiceAccountList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List service accounts.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        try await AccountPages(session: session, noun: .serviceAccounts).list(limit: list.limit)
    }
}
