import ArgumentParser
import Core

/// The forms that runs are exported in.
enum ExportFormat: String, ExpressibleByArgument, CaseIterable {
    case csv
    case json
}

/// `martlet run export`.
struct RunExport: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export runs, or the history of a metric, as CSV or JSON."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: RunSelection
    @Argument(help: "The runs' ids; without any, those that --experiment and --filter choose.")
    var runs: [String] = []
    @Option(name: .long, help: "Exports every point of this metric instead of the runs.")
    var metric: String?
    @Option(name: .long, help: "csv or json.")
    var format = ExportFormat.csv
    @Option(name: .shortAndLong, help: "Writes to this file instead of the output.")
    var output: String?

    func run(_ session: Session) async throws {
        var found: [JSONValue] = []
        if runs.isEmpty {
            found = try await selection.runs(session, limit: .max)
        } else {
            for id in runs { found.append(try await MLflowPages(session).run(id)) }
        }
        let form = session.json ? .json : format
        let text: String
        if let metric {
            text = try await Self.history(metric, of: found.map(RunData.init), form, session)
        } else {
            text = RunSheet.text(found, form)
        }
        try Self.write(text, to: output, session)
    }

    static func write(_ text: String, to path: String?, _ session: Session) throws {
        guard let path else {
            session.terminal.line(text)
            return
        }
        try OutputFile.write(text + "\n", to: path)
        session.terminal.note("Wrote \(path).")
    }

    private static func history(
        _ metric: String,
        of runs: [RunData],
        _ format: ExportFormat,
        _ session: Session
    ) async throws -> String {
        var lines = [RunSheet.line(["run_id", "metric", "step", "timestamp", "value"])]
        var points: [JSONValue] = []
        for run in runs {
            try await MLflowPages(session).history(run: run.id, metric: metric) { page in
                for point in page {
                    let step = Words.integer(point["step"]) ?? 0
                    let time = Words.integer(point["timestamp"]) ?? 0
                    let value = RunData.number(point["value"]) ?? .nan
                    switch format {
                    case .csv:
                        lines.append(RunSheet.line([run.id, metric, "\(step)", "\(time)", RunSheet.number(value)]))
                    case .json:
                        points.append([
                            "run_id": .string(run.id), "metric": .string(metric), "step": .integer(step),
                            "timestamp": .integer(time),
                            "value": value.isFinite ? .number(value) : .string(RunSheet.number(value)),
                        ])
                    }
                }
            }
        }
        return format == .csv ? lines.joined(separator: "\n") : JSONValue.array(points).prettyPrinted()
    }
}
