import ArgumentParser
import Core

/// `martlet replay show ID`.
struct ReplayShow: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show what a replay found.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The replay's id.")
    var id: String

    func run(_ session: Session) async throws {
        let replay = try await session.server.get("/api/martlet/v1/replays/\(ServerClient.segment(id))")
        guard !session.wroteJSON(replay) else { return }
        ReplayText.write(replay, session)
    }
}
