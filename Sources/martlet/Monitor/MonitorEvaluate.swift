import ArgumentParser
import Core

/// `martlet monitor evaluate NAME`.
struct MonitorEvaluate: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "evaluate",
        abstract: "Have a monitor evaluate now, whatever its schedule."
    )

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The monitor's name.")
    var name: String

    func run(_ session: Session) async throws {
        let path = "/api/martlet/v1/monitors/\(ServerClient.segment(name))/evaluate"
        let evaluation = try await session.server.send("POST", path)
        guard !session.wroteJSON(evaluation) else { return }
        var facts = Facts()
        for (title, key) in [
            ("verdict", "verdict"), ("reason", "reason"), ("rows", "window_rows"), ("reference", "reference_version"),
            ("reference rows", "reference_rows"), ("severity", "severity"),
        ] {
            facts.add(title, Words.text(evaluation[key]))
        }
        facts.write(to: session.terminal)
        session.terminal.line()
        var table = TextTable([
            .init(title: "DETECTOR", isFixed: true), .init(title: "COLUMN"),
            .init(title: "STATISTIC", alignment: .right), .init(title: "P", alignment: .right),
            .init(title: "DRIFT", colour: Words.colour), .init(title: "NOTE"),
        ])
        for detector in evaluation["detectors"]?.arrayValue ?? [] {
            let decided = detector["decided"]?.boolValue ?? false
            table.add([
                Words.text(detector["detector"]), Words.text(detector["column"]), Words.text(detector["statistic"]),
                Words.text(detector["p_value"]),
                decided ? (detector["drifted"]?.boolValue == true ? "drift" : "no") : "–",
                Words.text(detector["reason"]),
            ])
        }
        table.write(to: session.terminal, empty: "The monitor has no detectors; it looks for data events only.")
        for event in evaluation["data_events"]?.arrayValue ?? [] {
            session.terminal.line("\(Words.text(event["column_name"])): \(Words.text(event["detail"]))")
        }
    }
}
