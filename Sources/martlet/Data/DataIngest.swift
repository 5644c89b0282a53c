import ArgumentParser
import Core

/// `martlet data ingest NAME`.
struct DataIngest: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "ingest",
        abstract: "Read a dataset's source now, from where the last reading ended.",
        discussion: """
            Waits for the end. Interrupted, it goes on at the block where it was when it is asked again; in a pipeline the \
            step data.ingest does the same.
            """
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The dataset's name.")
    var name: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/data/\(ServerClient.segment(name))/ingest"
        let report = try await session.server.send("POST", path)
        guard !session.wroteJSON(report) else { return }
        var facts = Facts()
        facts.add("rows", Words.text(report["rows"]))
        facts.add("new blocks", Words.text(report["new_blocks"]))
        facts.add("there before", Words.text(report["resumed_at_row"]))
        facts.add("replaced by key", Words.text(report["updated_rows"]))
        facts.add("invalid cells", Words.text(report["invalid_cells"]))
        facts.add("version", Words.text(report["version"]))
        facts.write(to: session.terminal)
    }
}
