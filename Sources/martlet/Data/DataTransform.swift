import ArgumentParser
import Core

/// `martlet data transform NAME`.
struct DataTransform: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "transform",
        abstract: "Show the first rows of a dataset as its transform makes them.",
        discussion: """
            With the transform that the step data.transform kept; before that, with one fitted for the purpose and not kept.
            """
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The dataset's name.")
    var name: String
    @Option(name: .long, help: "How many rows.")
    var limit = 5

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/data/\(ServerClient.segment(name))/transform/preview"
        let preview = try await session.server.get(path, query: [("limit", "\(limit)")])
        guard !session.wroteJSON(preview) else { return }
        let columns = preview["columns"]?.arrayValue ?? []
        var table = TextTable(columns.map { .init(title: Words.text($0["name"])) })
        for row in preview["items"]?.arrayValue ?? [] {
            table.add((row.arrayValue ?? []).map { Words.text($0) })
        }
        table.write(to: session.terminal, empty: "The dataset has no rows.")
        if preview["fitted"]?.boolValue == false {
            session.terminal.line()
            session.terminal.line(
                "Fitted for this page only; the step data.transform fits it on the training rows and keeps it."
            )
        }
    }
}
