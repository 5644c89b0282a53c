import Core

/// Runs as a sheet: a line each, a column for every key that one of them has.
enum RunSheet {
    static func text(_ runs: [JSONValue], _ format: ExportFormat) -> String {
        switch format {
        case .json: JSONValue.array(runs).prettyPrinted()
        case .csv: csv(runs)
        }
    }

    private static let facts = ["run_id", "run_name", "experiment_id", "status", "user_id", "start_time", "end_time"]

    private static func csv(_ runs: [JSONValue]) -> String {
        let data = runs.map(RunData.init)
        let params = Set(data.flatMap(\.params.keys)).sorted()
        let metrics = Set(data.flatMap(\.metrics.keys)).sorted()
        let tags = Set(data.flatMap(\.tags.keys)).sorted()
        var lines = [
            line(
                facts + params.map { "params.\($0)" } + metrics.map { "metrics.\($0)" } + tags.map { "tags.\($0)" }
            )
        ]
        for (run, data) in zip(runs, data) {
            let info = facts.map { key -> String in
                let value = run["info"]?[key]
                return value?.stringValue ?? Words.integer(value).map { "\($0)" } ?? ""
            }
            lines.append(
                line(
                    info + params.map { data.params[$0] ?? "" }
                        + metrics.map { data.metrics[$0].map(number) ?? "" } + tags.map { data.tags[$0] ?? "" }
                )
            )
        }
        return lines.joined(separator: "\n")
    }

    /// A number that reads back as the same number.
    static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "Infinity" : "-Infinity" }
        return Int64(exactly: value).map { "\($0)" } ?? "\(value)"
    }

    /// A line of CSV (RFC 4180).
    static func line(_ cells: [String]) -> String {
        cells.map { cell in
            let needsQuotes = cell.contains { ",\"\n\r".contains($0) || $0 == "\r\n" }
            return needsQuotes ? "\"" + cell.replacing("\"", with: "\"\"") + "\"" : cell
        }
        .joined(separator: ",")
    }
}
