import ArgumentParser
import Core

/// `martlet experiment show NAME`.
struct ExperimentShow: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show one experiment and its latest runs."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Argument(help: "The experiment's name or id.")
    var experiment: String

    func run(_ session: Session) async throws {
        let pages = MLflowPages(session)
        let found = try await pages.experiment(experiment)
        let id = Words.text(found["experiment_id"])
        let runs = try await pages.runs(experiments: [id], filter: nil, limit: list.limit)
        guard !session.wroteJSON(["experiment": found, "runs": .array(runs)]) else { return }
        var facts = Facts()
        facts.add("id", id)
        facts.add("name", Words.text(found["name"]))
        facts.add("stage", Words.text(found["lifecycle_stage"]))
        facts.add("artifacts", Words.text(found["artifact_location"]))
        for tag in found["tags"]?.arrayValue ?? [] {
            facts.add("tag \(Words.text(tag["key"]))", Words.text(tag["value"]))
        }
        facts.write(to: session.terminal)
        session.terminal.line()
        RunTable.write(runs, to: session.terminal, now: session.clock.now)
    }
}
