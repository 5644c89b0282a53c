import ArgumentParser
import Core

/// `martlet replay list`.
struct ReplayList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List replays, newest first.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Option(name: .long, help: "Only replays of this deployment.")
    var deployment: String?

    func run(_ session: Session) async throws {
        let replays = try await session.items(
            "/api/martlet/v1/replays",
            query: [("deployment", deployment)],
            limit: list.limit
        )
        guard !session.wroteJSON(["items": .array(replays)]) else { return }
        var table = TextTable([
            .init(title: "REPLAY", isFixed: true), .init(title: "DEPLOYMENT"), .init(title: "CANDIDATE"),
            .init(title: "STATE", colour: Words.colour), .init(title: "VERDICT", colour: ReplayText.colour),
            .init(title: "ROWS", alignment: .right), .init(title: "BEGUN"), .init(title: "BY"),
        ])
        for replay in replays {
            table.add([
                Words.text(replay["id"]), Words.text(replay["deployment"]), Words.text(replay["candidate"]),
                Words.text(replay["state"]), ReplayText.verdict(replay["verdict"]),
                Words.text(replay["rows_read"]), Words.time(replay["created_at"]), Words.text(replay["requested_by"]),
            ])
        }
        table.write(to: session.terminal, empty: "There are no replays yet.")
    }
}
