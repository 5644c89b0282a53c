import ArgumentParser
import Core

/// `martlet token revoke ID`.
struct TokenRevoke: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "revoke",
        abstract: "End a token at once, and those that were made with it."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The token's id, as `martlet token list` shows it.")
    var token: String

    func run(_ session: Session) async throws {
        let answer = try await session.server.send("DELETE", "/api/martlet/v1/tokens/\(ServerClient.segment(token))")
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("The token is revoked.")
    }
}
