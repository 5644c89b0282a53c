import ArgumentParser
import Core

/// `martlet schedule list`.
struct ScheduleList: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List the triggers of pipelines, and when they fire next."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "Only those of this pipeline.")
    var pipeline: String?

    func run(_ session: Session) async throws {
        let answer = try await session.server.get("/api/martlet/v1/schedules", query: [("pipeline", pipeline)])
        guard !session.wroteJSON(answer) else { return }
        var table = TextTable([
            .init(title: "PIPELINE", isFixed: true), .init(title: "TRIGGER", isFixed: true), .init(title: "KIND"),
            .init(title: "WHEN"), .init(title: "NEXT"), .init(title: "LAST FIRED"),
            .init(title: "RUN", colour: Words.colour),
        ])
        for trigger in answer["items"]?.arrayValue ?? [] {
            let last = trigger["last"]
            let isPaused = trigger["paused"]?.boolValue == true
            table.add([
                Words.text(trigger["pipeline"]), Words.text(trigger["trigger"]), Words.text(trigger["kind"]),
                Words.text(trigger["when"]), isPaused ? "paused" : Words.text(trigger["next"]),
                Words.time(last?["fired_at"]),
                last?["error"]?.stringValue == nil ? Words.text(last?["run_state"]) : "refused",
            ])
        }
        table.write(to: session.terminal, empty: "No pipeline has triggers; declare some and run `martlet apply`.")
    }
}

/// `martlet schedule firings PIPELINE TRIGGER`.
struct ScheduleFirings: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "firings",
        abstract: "List when a trigger fired, what for, and what came of it."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var list: ListOptions
    @OptionGroup var which: TriggerOptions

    func run(_ session: Session) async throws {
        let path = ScheduleCommand.path(which.pipeline, which.trigger, "/firings")
        let firings = try await session.items(path, limit: list.limit)
        guard !session.wroteJSON(["items": .array(firings)]) else { return }
        var table = TextTable([
            .init(title: "FIRED", isFixed: true), .init(title: "FOR"), .init(title: "WHY"),
            .init(title: "RUN", isFixed: true), .init(title: "STATE", colour: Words.colour),
        ])
        for firing in firings {
            let why = firing["event"]?["type"] ?? firing["by"] ?? firing["backfill"]
            table.add([
                Words.time(firing["fired_at"]), Words.time(firing["logical_at"]), Words.text(why),
                Words.text(firing["run"]),
                firing["error"]?.stringValue.map { "refused: \($0)" } ?? Words.text(firing["run_state"]),
            ])
        }
        table.write(to: session.terminal, empty: "The trigger has not fired yet.")
    }
}
