import ArgumentParser
import Core

/// `martlet loop triggers`.
struct LoopTriggers: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "triggers",
        abstract: "List triggers: what fires each, when next, and what it waits for."
    )

    @OptionGroup var options: GlobalOptions

    func run(_ session: Session) async throws {
        let triggers = try await session.server.get("/api/martlet/v1/triggers")["items"]?.arrayValue ?? []
        guard !session.wroteJSON(["items": .array(triggers)]) else { return }
        var table = TextTable([
            .init(title: "TRIGGER", isFixed: true), .init(title: "FIRES ON"), .init(title: "NEXT"),
            .init(title: "MODEL"), .init(title: "PIPELINE"), .init(title: "OPEN LOOP"), .init(title: "WAITS"),
        ])
        for trigger in triggers {
            let conditions = trigger["conditions"]?.arrayValue ?? []
            let waiting = trigger["waiting"]?.stringValue.map { message in
                [message, trigger["refusal"]?.stringValue].compactMap(\.self).joined(separator: " ")
            }
            table.add([
                Words.text(trigger["name"]),
                conditions.isEmpty ? "hand" : conditions.map { Words.text($0) }.joined(separator: ", "),
                Words.time(trigger["next_fire_at"]),
                "\(Words.text(trigger["model"]))@\(Words.text(trigger["alias"]))", Words.text(trigger["pipeline"]),
                Words.text(trigger["open_loop"]), waiting ?? "–",
            ])
        }
        table.write(to: session.terminal, empty: "There are no triggers; declare some under 'triggers'.")
    }
}
