import ArgumentParser
import Core

/// `martlet workspace role list WORKSPACE`.
struct WorkspaceRoleList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List who has which role.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Argument(help: "The workspace's name; '*' is every workspace.")
    var name: String

    func run(_ session: Session) async throws {
        let members = try await session.items(WorkspacePages.path(name) + "/roles", limit: list.limit)
        guard !session.wroteJSON(["items": .array(members)]) else { return }
        var table = TextTable([.init(title: "ACCOUNT"), .init(title: "ROLE"), .init(title: "KIND")])
        for member in members {
            let kind = member["kind"] == "user" ? "user" : "service account"
            table.add([Words.text(member["account"]), Words.text(member["role"]), kind])
        }
        table.write(to: session.terminal, empty: "Nobody has a role here.")
    }
}
