import ArgumentParser
import Core

/// `martlet experiment restore NAME`.
struct ExperimentRestore: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore",
        abstract: "Restore a deleted experiment with its runs."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The experiment's name or id.")
    var experiment: String

    func run(_ session: Session) async throws {
        let id = Words.text(try await MLflowPages(session).experiment(experiment)["experiment_id"])
        let body: JSONValue = ["experiment_id": .string(id)]
        let answer = try await session.server.send("POST", "/api/2.0/mlflow/experiments/restore", body)
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("Experiment \(id) is restored.")
    }
}
