import Core

/// The table of tracked runs.
enum RunTable {
    static func write(_ runs: [JSONValue], to terminal: Terminal, now: Timestamp) {
        var table = TextTable([
            .init(title: "RUN", isFixed: true), .init(title: "NAME"),
            .init(title: "STATUS", colour: Words.colour), .init(title: "STARTED"),
            .init(title: "TOOK", alignment: .right), .init(title: "METRICS"),
        ])
        for run in runs {
            let info = run["info"]
            let start = Words.integer(info?["start_time"]).map(JSONValue.integer)
            let end = Words.integer(info?["end_time"]).map(JSONValue.integer)
            table.add([
                Words.text(info?["run_id"]), Words.text(info?["run_name"]), Words.text(info?["status"]),
                Words.time(start), Words.span(start, end, now: now), metrics(run),
            ])
        }
        table.write(to: terminal, empty: "There are no runs.")
    }

    /// The table with chosen columns behind the id.
    static func write(_ runs: [JSONValue], columns: [RunColumn], to terminal: Terminal, now: Timestamp) {
        var table = TextTable([.init(title: "RUN", isFixed: true)] + columns.map(\.column))
        for run in runs {
            table.add([Words.text(run["info"]?["run_id"])] + columns.map { $0.text(run, now: now) })
        }
        table.write(to: terminal, empty: "There are no runs.")
    }

    private static func metrics(_ run: JSONValue) -> String {
        let metrics = run["data"]?["metrics"]?.arrayValue ?? []
        let texts = metrics.prefix(4).map {
            "\(Words.text($0["key"]))=\(RunData.number($0["value"]).map(Words.number) ?? "–")"
        }
        return texts.isEmpty ? "–" : texts.joined(separator: " ") + (metrics.count > 4 ? " …" : "")
    }
}
