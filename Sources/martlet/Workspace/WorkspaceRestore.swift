import ArgumentParser
import Core

/// `martlet workspace restore NAME`.
struct WorkspaceRestore: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Open a workspace again that was deleted."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The workspace's name.")
    var name: String

    func run(_ session: Session) async throws {
        let workspace = try await session.server.send("POST", WorkspacePages.path(name) + "/restore", [:])
        WorkspacePages(session: session).write(workspace)
    }
}
