import ArgumentParser
import Core

/// `martlet replay cancel ID`.
struct ReplayCancel: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel",
        abstract: "Stop a replay that waits or runs; one that has ended stays as it is."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The replay's id.")
    var id: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/replays/\(ServerClient.segment(id))/cancel"
        let replay = try await session.server.send("POST", path)
        guard !session.wroteJSON(replay) else { return }
        session.terminal.line(Words.text(replay["state"]))
    }
}
