import ArgumentParser
import Core

/// Which runs a command is about.
struct RunSelection: ParsableArguments {
    @Option(name: .long, help: "Only runs of this experiment (name or id).")
    var experiment: String?
    @Option(name: .long, help: "MLflow's filter language, such as \"metrics.accuracy > 0.9\".")
    var filter: String?
    @Option(
        name: .customLong("order-by"),
        help: "What to sort by, such as \"metrics.accuracy DESC\"; repeat for more. (default: newest first)"
    )
    var orderBy: [String] = []
    @Flag(name: .long, help: "Deleted runs instead of the others.")
    var deleted = false

    /// The runs that are chosen, at most `limit`.
    func runs(_ session: Session, limit: Int) async throws -> [JSONValue] {
        let pages = MLflowPages(session)
        var ids: [String] = []
        if let experiment {
            ids = [Words.text(try await pages.experiment(experiment)["experiment_id"])]
        } else {
            let all = try await pages.experiments(limit: CommandLimits.maximumRows)
            ids = all.map { Words.text($0["experiment_id"]) }
        }
        guard !ids.isEmpty else { return [] }
        return try await pages.runs(
            experiments: ids,
            filter: filter,
            limit: limit,
            order: orderBy,
            deleted: deleted
        )
    }
}
