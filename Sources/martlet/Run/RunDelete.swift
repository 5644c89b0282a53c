import ArgumentParser
import Core

/// `martlet run delete RUN…`.
struct RunDelete: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete runs; they can be restored."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The runs' ids.")
    var runs: [String]

    func run(_ session: Session) async throws {
        for id in runs {
            _ = try await session.server.send("POST", "/api/2.0/mlflow/runs/delete", ["run_id": .string(id)])
            if !session.json { session.terminal.line("Run \(DisplayText.safe(id)) is deleted.") }
        }
        _ = session.wroteJSON(["runs": .array(runs.map(JSONValue.string))])
    }
}
