import ArgumentParser
import Core
import Foundation

/// `martlet run plot METRIC RUN…`.
struct RunPlot: ServerCommand {
    static let configuration = CommandConfiguration(
        commandName: "plot",
        abstract: "Plot a metric of runs to the terminal or to an SVG file.",
        discussion: "Names runs by their ids, or takes those that --experiment, --filter and --order-by choose."
    )

    @OptionGroup var options: GlobalOptions
    @OptionGroup var selection: RunSelection
    @Argument(help: "The metric's key.")
    var metric: String
    @Argument(help: "The runs' ids, at most \(CommandLimits.comparedRuns).")
    var runs: [String] = []
    @Flag(name: .long, help: "A logarithmic y axis; values that are not positive are left out.")
    var log = false
    @Option(name: .long, help: "How much of the values before is averaged in, 0 to 0.99.")
    var smooth = 0.0
    @Flag(name: .long, help: "Seconds since a run's first point on the x axis instead of steps.")
    var time = false
    @Option(name: .long, help: "Rows of the drawing, 4 to 100.")
    var height = 16
    @Option(name: .long, help: "Writes a picture to this file instead.")
    var svg: String?

    func validate() throws {
        guard smooth >= 0, smooth <= 0.99 else { throw ValidationError("'--smooth' must be between 0 and 0.99.") }
        guard (4...100).contains(height) else { throw ValidationError("'--height' must be between 4 and 100.") }
        guard runs.count <= CommandLimits.comparedRuns else {
            throw ValidationError("At most \(CommandLimits.comparedRuns) runs can be plotted together.")
        }
    }

    func run(_ session: Session) async throws {
        let chosen = try await chosenRuns(session)
        let ids = chosen.map(\.id)
        guard !ids.isEmpty else { throw MartletError(.notFound, "There are no such runs.") }
        var query: [(String, String?)] = ids.map { ("run_ids", $0) }
        query += [("metric_key", metric), ("max_results", "\(CommandLimits.plottedPoints)")]
        let answer = try await session.server.get(
            "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval",
            query: query
        )
        guard !session.wroteJSON(answer) else { return }
        let points = answer["metrics"]?.arrayValue ?? []
        let series = chosen.map { run in
            let own = points.filter { $0["run_id"]?.stringValue == run.id }
            return PlotSeries(name: run.name, points: places(own)).smoothed(smooth)
        }
        if let svg { return try write(series, to: svg, session) }
        let terminal = session.terminal
        let lines = BraillePlot.lines(
            series,
            width: terminal.width ?? CommandLimits.defaultWidth,
            height: height,
            isLogarithmic: log,
            paint: terminal.paint
        )
        guard !lines.isEmpty else {
            throw MartletError(.notFound, "None of the runs has points of '\(metric)' that can be shown.")
        }
        terminal.line(DisplayText.safe(metric) + (time ? " by seconds" : " by step"))
        for line in lines { terminal.line(line) }
    }

    private func chosenRuns(_ session: Session) async throws -> [RunData] {
        guard !runs.isEmpty else {
            return try await selection.runs(session, limit: CommandLimits.comparedRuns).map(RunData.init)
        }
        var found: [RunData] = []
        for id in runs { found.append(RunData(try await MLflowPages(session).run(id))) }
        return found
    }

    private func places(_ points: [JSONValue]) -> [PlotSeries.Point] {
        let start = points.compactMap { Words.integer($0["timestamp"]) }.min() ?? 0
        let places = points.map { point in
            let step = Double(Words.integer(point["step"]) ?? 0)
            let seconds = Double((Words.integer(point["timestamp"]) ?? start) - start) / 1000
            return PlotSeries.Point(x: time ? seconds : step, y: RunData.number(point["value"]) ?? .nan)
        }
        return places.sorted { $0.x < $1.x }
    }

    private func write(_ series: [PlotSeries], to path: String, _ session: Session) throws {
        let text = SVGPlot.text(
            series,
            title: metric,
            xTitle: time ? "seconds" : "step",
            isLogarithmic: log
        )
        try OutputFile.write(text, to: path)
        session.terminal.note("Wrote \(path).")
    }
}
