import ArgumentParser
import Core

/// `martlet workspace show NAME`.
struct WorkspaceShow: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a workspace and its quota.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The workspace's name.")
    var name: String

    func run(_ session: Session) async throws {
        WorkspacePages(session: session).write(try await session.server.get(WorkspacePages.path(name)))
    }
}
