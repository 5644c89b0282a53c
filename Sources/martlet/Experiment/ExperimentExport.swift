import ArgumentParser
import Core

/// `martlet experiment export NAME`.
struct ExperimentExport: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export an experiment with all its runs as CSV or JSON."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The experiment's name or id.")
    var experiment: String
    @Option(name: .long, help: "csv (a line for every run) or json.")
    var format = ExportFormat.csv
    @Option(name: .shortAndLong, help: "Writes to this file instead of the output.")
    var output: String?

    func run(_ session: Session) async throws {
        let pages = MLflowPages(session)
        let found = try await pages.experiment(experiment)
        let id = Words.text(found["experiment_id"])
        let runs = try await pages.runs(experiments: [id], filter: nil, limit: .max)
        let form = session.json ? .json : format
        let text =
            form == .csv
            ? RunSheet.text(runs, .csv)
            : JSONValue.object(["experiment": found, "runs": .array(runs)]).prettyPrinted()
        try RunExport.write(text, to: output, session)
    }
}
