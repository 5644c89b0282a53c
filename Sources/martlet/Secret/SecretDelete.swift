import ArgumentParser
import Core

/// `martlet secret delete NAME`.
struct SecretDelete: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "delete", abstract: "Delete a secret and its value.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The secret's name.")
    var name: String

    func run(_ session: Session) async throws {
        let answer = try await session.server.send(
            "DELETE",
            "/api/martlet/v1/secrets/\(ServerClient.segment(name))",
            nil
        )
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(name) is deleted.")
    }
}
