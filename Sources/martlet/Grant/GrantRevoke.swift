import ArgumentParser
import Core

/// `martlet grant revoke ID`.
struct GrantRevoke: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "revoke", abstract: "Take a grant away.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The grant's id, as `martlet grant list` shows it.")
    var grant: String

    func run(_ session: Session) async throws {
        let answer = try await session.server.send("DELETE", "/api/martlet/v1/grants/\(ServerClient.segment(grant))")
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("The grant is gone.")
    }
}
