import ArgumentParser
import Core

/// `martlet run list`.
struct RunList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List tracked runs, newest first.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Option(name: .long, help: "Only runs of this experiment (name or id).")
    var experiment: String?
    @Option(name: .long, help: "MLflow's filter language, such as \"metrics.accuracy > 0.9\".")
    var filter: String?

    func run(_ session: Session) async throws {
        let pages = MLflowPages(session)
        var ids: [String] = []
        if let experiment {
            ids = [Words.text(try await pages.experiment(experiment)["experiment_id"])]
        } else {
            let all = try await pages.experiments(limit: CommandLimits.maximumRows)
            ids = all.map { Words.text($0["experiment_id"]) }
        }
        let runs = ids.isEmpty ? [] : try await pages.runs(experiments: ids, filter: filter, limit: list.limit)
        guard !session.wroteJSON(["runs": .array(runs)]) else { return }
        RunTable.write(runs, to: session.terminal, now: session.clock.now)
    }
}
