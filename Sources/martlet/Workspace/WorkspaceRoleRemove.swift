import ArgumentParser
import Core

/// `martlet workspace role remove WORKSPACE ACCOUNT`.
struct WorkspaceRoleRemove: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "remove", abstract: "Take an account's role.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The workspace's name; '*' is every workspace.")
    var name: String
    @Argument(help: "The name of the user or service account.")
    var account: String

    func run(_ session: Session) async throws {
        let path = WorkspacePages.path(name) + "/roles/\(ServerClient.segment(account))"
        let answer = try await session.server.send("DELETE", path)
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(account) has no role in \(name == "*" ? "every workspace" : name) any more.")
    }
}
