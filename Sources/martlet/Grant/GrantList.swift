import ArgumentParser
import Core

/// `martlet grant list`.
struct GrantList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List the grants of the workspace.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Option(name: .long, help: "Those of this account.")
    var account: String?

    func run(_ session: Session) async throws {
        let grants = try await session.items(
            "/api/martlet/v1/grants",
            query: [("account", account)],
            limit: list.limit
        )
        guard !session.wroteJSON(["items": .array(grants)]) else { return }
        var table = TextTable([
            .init(title: "ID", isFixed: true), .init(title: "ACCOUNT"), .init(title: "KIND"), .init(title: "THING"),
            .init(title: "PERMISSIONS"),
        ])
        for grant in grants {
            table.add([
                Words.text(grant["grant_id"]), Words.text(grant["account"]), Words.text(grant["kind"]),
                Words.text(grant["id"]), Words.text(grant["permissions"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are none in this workspace.")
    }
}
