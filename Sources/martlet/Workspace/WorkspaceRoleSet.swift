import ArgumentParser
import Core

/// `martlet workspace role set WORKSPACE ACCOUNT ROLE`.
struct WorkspaceRoleSet: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "set", abstract: "Give an account a role.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The workspace's name; '*' is every workspace.")
    var name: String
    @Argument(help: "The name of the user or service account.")
    var account: String
    @Argument(help: "viewer, editor, operator or administrator.")
    var role: String

    func run(_ session: Session) async throws {
        let path = WorkspacePages.path(name) + "/roles/\(ServerClient.segment(account))"
        let answer = try await session.server.send("PUT", path, ["role": .string(role)])
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(account) is \(role) of \(name == "*" ? "every workspace" : name).")
    }
}
