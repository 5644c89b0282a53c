import ArgumentParser
import Core

/// `martlet loop show ID`.
struct LoopShow: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show a loop's timeline.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The loop's id.")
    var loop: String

    func run(_ session: Session) async throws {
        let found = try await session.server.get("/api/martlet/v1/loops/\(ServerClient.segment(loop))")
        guard !session.wroteJSON(found) else { return }
        var facts = Facts()
        facts.add("loop", Words.text(found["id"]))
        facts.add("trigger", Words.text(found["trigger"]))
        facts.add("state", LoopList.state(found["state"]))
        facts.add("signal", Words.text(found["signal"]?["message"]))
        facts.add("model", "\(Words.text(found["model"]))@\(Words.text(found["alias"]))")
        facts.add("version", Words.text(found["version"]))
        facts.add("pipeline run", Words.text(found["pipeline_run"]))
        facts.add("opened", Words.time(found["opened_at"]))
        facts.add("took", Words.span(found["opened_at"], found["finished_at"], now: session.clock.now))
        facts.write(to: session.terminal)
        session.terminal.line()
        var phases = TextTable([.init(title: "PHASE", colour: Words.colour), .init(title: "TOOK", alignment: .right)])
        for phase in found["phases"]?.arrayValue ?? [] {
            phases.add([
                LoopList.state(phase["state"]),
                Words.duration(milliseconds: max(0, phase["duration_ms"]?.integerValue ?? 0)),
            ])
        }
        phases.write(to: session.terminal, empty: "")
        session.terminal.line()
        var events = TextTable([
            .init(title: "AT"), .init(title: "STATE", colour: Words.colour), .init(title: "WHAT HAPPENED"),
        ])
        for event in found["events"]?.arrayValue ?? [] {
            events.add([Words.time(event["at"]), LoopList.state(event["state"]), Words.text(event["message"])])
        }
        events.write(to: session.terminal, empty: "Nothing has happened yet.")
    }
}
