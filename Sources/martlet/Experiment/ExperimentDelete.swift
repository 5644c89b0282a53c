import ArgumentParser
import Core

/// `martlet experiment delete NAME`.
struct ExperimentDelete: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Delete an experiment with its runs; it can be restored."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The experiment's name or id.")
    var experiment: String

    func run(_ session: Session) async throws {
        let id = Words.text(try await MLflowPages(session).experiment(experiment)["experiment_id"])
        let body: JSONValue = ["experiment_id": .string(id)]
        let answer = try await session.server.send("POST", "/api/2.0/mlflow/experiments/delete", body)
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("Experiment \(id) is deleted. Restore it with `martlet experiment restore`.")
    }
}
