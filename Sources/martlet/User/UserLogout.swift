import ArgumentParser
import Core

/// `martlet user logout NAME`.
struct UserLogout: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "logout",
        abstract: "End every console session of a user, everywhere."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The user's name: your own, or as a server administrator anybody's.")
    var name: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/users/\(ServerClient.segment(name))/sessions"
        let answer = try await session.server.send("DELETE", path)
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("\(Words.text(answer["ended"])) sessions have ended.")
    }
}
