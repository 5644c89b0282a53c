import ArgumentParser
import Core

/// `martlet study show NAME`.
struct StudyShow: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show what a study searches for, and its trials."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @Option(name: .long, help: "Only trials in this state: waiting, running, complete, pruned or failed.")
    var state: String?
    @Argument(help: "The study's name.")
    var name: String

    func run(_ session: Session) async throws {
        let study = try await session.server.get(StudyCommand.path(name))
        let trials = try await session.items(
            "\(StudyCommand.path(name))/trials",
            query: [("state", state)],
            limit: list.limit
        )
        guard !session.wroteJSON(["study": study, "trials": .array(trials)]) else { return }
        var facts = Facts()
        facts.add("name", Words.text(study["name"]))
        facts.add("objectives", Words.text(study["objectives"]))
        facts.add("directions", Words.text(study["directions"]))
        facts.add("sampler", Words.text(study["sampler"]?["type"]))
        facts.add("pruner", Words.text(study["pruner"]?["type"]))
        facts.add("trials", "\(Words.text(study["trial_count"])), \(Words.text(study["ended_count"])) ended")
        facts.add("run", study["run_id"]?.stringValue)
        facts.write(to: session.terminal)
        session.terminal.line()
        var table = TextTable([.init(title: "PARAMETER", isFixed: true), .init(title: "RANGE")])
        for (parameter, range) in (study["space"]?.objectValue ?? [:]).pairs {
            table.add([parameter, StudyCommand.parameters(range)])
        }
        table.write(to: session.terminal, empty: "")
        session.terminal.line()
        StudyCommand.table(trials, session, empty: "There are no trials.")
    }
}
