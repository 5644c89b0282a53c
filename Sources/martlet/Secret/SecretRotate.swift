import ArgumentParser
import Core

/// `martlet secret rotate`.
struct SecretRotate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "rotate",
        abstract: "Encrypt every secret of the workspace with a new key.",
        discussion:
            "With a key file the server makes the new key itself. With MARTLET_SECRET_KEY, put the new key in front"
            + " of the old one and restart first; with --secret-key-command, have it print the new key first."
    )

    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) async throws {
        let answer = try await session.server.send("POST", "/api/martlet/v1/secret-key/rotate", [:])
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line(
            "\(Words.text(answer["rotated"])) secrets are encrypted with the key \(Words.text(answer["key_id"])) now."
        )
    }
}
