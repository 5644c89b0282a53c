import ArgumentParser
import Core

/// `martlet monitor show NAME`.
struct MonitorShow: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show a monitor's verdict, its changes and what they rest on."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The monitor's name.")
    var name: String

    func run(_ session: Session) async throws {
        let monitor = try await session.server.get("/api/martlet/v1/monitors/\(ServerClient.segment(name))")
        guard !session.wroteJSON(monitor) else { return }
        var facts = Facts()
        for (title, key) in [
            ("name", "name"), ("deployment", "deployment"), ("verdict", "state"), ("severity", "severity"),
            ("detector", "detector"), ("score", "score"),
            ("p value", "p_value"), ("rows", "rows"), ("reference", "reference_version"),
            ("reference rows", "reference_rows"), ("drifted", "drifted_features"),
        ] {
            facts.add(title, Words.text(monitor[key]))
        }
        if let reason = monitor["reason"], reason != .null { facts.add("reason", Words.text(reason)) }
        facts.add("since", Words.time(monitor["since_at"]))
        facts.add("evaluated", Words.time(monitor["evaluated_at"]))
        facts.write(to: session.terminal)
        session.terminal.line()
        var table = TextTable([
            .init(title: "AT"), .init(title: "FROM", colour: Words.colour), .init(title: "TO", colour: Words.colour),
            .init(title: "P", alignment: .right), .init(title: "DRIFTED FEATURES"),
        ])
        for event in monitor["events"]?.arrayValue ?? [] {
            table.add([
                Words.time(event["event_at"]), Words.text(event["from"]), Words.text(event["to"]),
                Words.text(event["p_value"]), Words.text(event["drifted_features"]),
            ])
        }
        table.write(to: session.terminal, empty: "The verdict has not changed yet.")
    }
}
