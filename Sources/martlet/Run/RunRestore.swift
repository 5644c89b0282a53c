import ArgumentParser
import Core

/// `martlet run restore RUN…`.
struct RunRestore: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "restore", abstract: "Restore deleted runs.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The runs' ids.")
    var runs: [String]

    func run(_ session: Session) async throws {
        for id in runs {
            _ = try await session.server.send("POST", "/api/2.0/mlflow/runs/restore", ["run_id": .string(id)])
            if !session.json { session.terminal.line("Run \(DisplayText.safe(id)) is restored.") }
        }
        _ = session.wroteJSON(["runs": .array(runs.map(JSONValue.string))])
    }
}
