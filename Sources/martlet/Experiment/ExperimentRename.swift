import ArgumentParser
import Core

/// `martlet experiment rename NAME NEW`.
struct ExperimentRename: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "rename", abstract: "Rename an experiment.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The experiment's name or id.")
    var experiment: String
    @Argument(help: "Its new name.")
    var name: String

    func run(_ session: Session) async throws {
        let id = Words.text(try await MLflowPages(session).experiment(experiment)["experiment_id"])
        let body: JSONValue = ["experiment_id": .string(id), "new_name": .string(name)]
        let answer = try await session.server.send("POST", "/api/2.0/mlflow/experiments/update", body)
        guard !session.wroteJSON(answer) else { return }
        session.terminal.line("Experiment \(id) is named \(DisplayText.safe(name)).")
    }
}
