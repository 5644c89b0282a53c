import ArgumentParser
import Core

/// `martlet token list`.
struct TokenList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List tokens, your own by default.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Option(name: .long, help: "Those of this account; takes a server administrator.")
    var account: String?
    @Flag(name: .long, help: "Those of every account; takes a server administrator.")
    var all = false

    func run(_ session: Session) async throws {
        let tokens = try await session.items(
            "/api/martlet/v1/tokens",
            query: [("account", account), ("all", all ? "true" : nil)],
            limit: list.limit
        )
        guard !session.wroteJSON(["items": .array(tokens)]) else { return }
        var table = TextTable([
            .init(title: "ID", isFixed: true), .init(title: "NAME"), .init(title: "ACCOUNT"), .init(title: "BEGINS"),
            .init(title: "SCOPES"), .init(title: "WORKSPACE"), .init(title: "LAST USED"), .init(title: "EXPIRES"),
        ])
        for token in tokens {
            table.add([
                Words.text(token["id"]), Words.text(token["name"]), Words.text(token["account"]),
                Words.text(token["prefix"]), Words.text(token["scopes"]), Words.text(token["workspace"]),
                Words.time(token["last_used_at"]), Words.time(token["expires_at"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are none.")
    }
}
