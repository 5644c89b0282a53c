import ArgumentParser
import Core

/// `martlet run show RUN`.
struct RunShow: ServerCommand {
    static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one tracked run.")

    @OptionGroup var options: GlobalOptions
    @Argument(help: "The run's id.")
    var run: String

    func run(_ session: Session) async throws {
        let found = try await MLflowPages(session).run(run)
        guard !session.wroteJSON(found) else { return }
        let info = found["info"]
        let start = Words.integer(info?["start_time"]).map(JSONValue.integer)
        let end = Words.integer(info?["end_time"]).map(JSONValue.integer)
        var facts = Facts()
        facts.add("run", Words.text(info?["run_id"]))
        facts.add("name", Words.text(info?["run_name"]))
        facts.add("experiment", Words.text(info?["experiment_id"]))
        facts.add("status", Words.text(info?["status"]))
        facts.add("started", Words.time(start))
        facts.add("took", Words.span(start, end, now: session.clock.now))
        facts.add("artifacts", Words.text(info?["artifact_uri"]))
        facts.write(to: session.terminal)
        for (title, key) in [("METRIC", "metrics"), ("PARAMETER", "params"), ("TAG", "tags")] {
            let entries = found["data"]?[key]?.arrayValue ?? []
            guard !entries.isEmpty else { continue }
            session.terminal.line()
            var table = TextTable([.init(title: title), .init(title: "VALUE")])
            for entry in entries.sorted(by: { Words.text($0["key"]) < Words.text($1["key"]) }) {
                table.add([Words.text(entry["key"]), Words.text(entry["value"])])
            }
            table.write(to: session.terminal, empty: "")
        }
    }
}
