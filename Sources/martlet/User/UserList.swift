import ArgumentParser
import Core

/// `martlet user list`.
struct UserList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List users.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        try await AccountPages(session: session, noun: .users).list(limit: list.limit)
    }
}
