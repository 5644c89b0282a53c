import ArgumentParser
import Core

/// `martlet study …`.
struct StudyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "study",
        abstract: "Search for the best parameters: ask for trials, tell their results, look at them.",
        subcommands: [
            StudyList.self, StudyShow.self, StudyCreate.self, StudyAsk.self, StudyTell.self, StudyBest.self,
            StudyImportance.self, StudyPlot.self, StudyDelete.self, StudyExport.self,
        ]
    )

    /// The path of a study.
    static func path(_ name: String) -> String {
        "/api/martlet/v1/studies/\(ServerClient.segment(name))"
    }

    /// A table of trials.
    static func table(_ trials: [JSONValue], _ session: Session, empty: String) {
        var table = TextTable([
            .init(title: "TRIAL", alignment: .right, isFixed: true), .init(title: "STATE", colour: Words.colour),
            .init(title: "VALUE", alignment: .right), .init(title: "TOOK", alignment: .right),
            .init(title: "PARAMETERS"),
        ])
        for trial in trials {
            let values = trial["values"]?.arrayValue ?? []
            table.add([
                Words.text(trial["number"]), Words.text(trial["state"]),
                values.isEmpty ? "–" : values.map { Words.text($0) }.joined(separator: ", "),
                Words.span(trial["started_at"], trial["ended_at"], now: session.clock.now),
                parameters(trial["params"]),
            ])
        }
        table.write(to: session.terminal, empty: empty)
    }

    /// Parameters in one line.
    static func parameters(_ value: JSONValue?) -> String {
        (value?.objectValue ?? [:]).pairs.map { "\($0.key)=\(Words.text($0.value))" }.joined(separator: " ")
    }
}
