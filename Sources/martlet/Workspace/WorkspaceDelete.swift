import ArgumentParser
import Core

/// `martlet workspace delete NAME`.
struct WorkspaceDelete: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Close a workspace; its data stays and it can be restored."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The workspace's name.")
    var name: String

    func run(_ session: Session) async throws {
        let answer = try await session.server.send("DELETE", WorkspacePages.path(name))
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line(
            "\(name) is closed. Its data stays; open it again with: martlet workspace restore \(name)"
        )
    }
}
