import ArgumentParser
import Core

/// `martlet experiment list`.
struct ExperimentList: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "list", abstract: "List experiments.")

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions

    func run(_ session: Session) async throws {
        let experiments = try await MLflowPages(session).experiments(limit: list.limit)
        guard !session.wroteJSON(["experiments": .array(experiments)]) else { return }
        var table = TextTable([
            .init(title: "ID", isFixed: true), .init(title: "NAME"), .init(title: "STAGE", colour: Words.colour),
            .init(title: "UPDATED"),
        ])
        for experiment in experiments {
            let updated = Words.integer(experiment["last_update_time"]).map(JSONValue.integer)
            table.add([
                Words.text(experiment["experiment_id"]), Words.text(experiment["name"]),
                Words.text(experiment["lifecycle_stage"]), Words.time(updated),
            ])
        }
        table.write(to: session.terminal, empty: "There are no experiments.")
    }
}
