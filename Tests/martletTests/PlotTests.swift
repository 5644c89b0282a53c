import Core
import Foundation
import Testing
import martlet

/// Plots in characters and as pictures.
struct PlotTests {
    private static func series(_ name: String, _ values: [Double]) -> PlotSeries {
        PlotSeries(name: name, points: values.enumerated().map { .init(x: Double($0.offset), y: $0.element) })
    }

    private static func plot(
        _ series: [PlotSeries],
        width: Int = 60,
        height: Int = 8,
        log: Bool = false
    ) -> String {
        BraillePlot.lines(series, width: width, height: height, isLogarithmic: log) { text, _ in text }
            .joined(separator: "\n")
    }

    @Test func drawings() throws {
        let falling = Self.series("falling", (0..<50).map { 1 / Double($0 + 1) })
        let wave = Self.series("wave", (0..<50).map { 0.5 + sin(Double($0) / 5) / 2 })
        let gap = Self.series("gap", [1, 2, .nan, 4, 5, .infinity, 3])
        let pictures = [
            Self.plot([falling, wave]), Self.plot([falling], log: true), Self.plot([gap], width: 24, height: 4),
            Self.plot([Self.series("one", [3])], width: 10, height: 4),
            Self.plot([Self.series("flat", [2, 2, 2])], width: 200, height: 4),
            Self.plot([Self.series("huge", [-1e308, 1e308, .greatestFiniteMagnitude])], width: 30, height: 4),
        ]
        try expectGolden(pictures.joined(separator: "\n\n") + "\n", "plots.txt")
    }

    @Test func nothingToShow() {
        #expect(Self.plot([]).isEmpty)
        #expect(Self.plot([Self.series("x", [.nan, .infinity])]).isEmpty)
        #expect(Self.plot([Self.series("x", [0, -1])], log: true).isEmpty)
    }

    @Test func noLineIsWiderThanTheTerminal() {
        let line = Self.series(String(repeating: "long name ", count: 20), (0..<500).map { sin(Double($0)) * 1e5 })
        for width in [20, 40, 80, 200] {
            let lines = BraillePlot.lines([line], width: width, height: 6, isLogarithmic: false) { text, _ in text }
            #expect(lines.allSatisfy { DisplayText.width($0) <= width }, "\(width)")
        }
    }

    @Test func smoothing() {
        let line = Self.series("x", [0, 1, .nan, 1])
        #expect(line.smoothed(0) == Self.series("x", [0, 1, .nan, 1]) || line.smoothed(0).points.count == 4)
        let smooth = line.smoothed(0.5).points.map(\.y)
        #expect(smooth[0] == 0 && abs(smooth[1] - 2.0 / 3) < 1e-12)
        #expect(smooth[2].isNaN && abs(smooth[3] - 6.0 / 7) < 1e-12)
    }

    @Test func pictures() throws {
        let text = SVGPlot.text(
            [Self.series("a < b & c", [1, 2, .nan, 4]), Self.series("one", [3])],
            title: "loss",
            xTitle: "step",
            isLogarithmic: false
        )
        try expectGolden(text, "plot.svg")
        #expect(XMLCheck.isWellFormed(text))
        let empty = SVGPlot.text([], title: "x", xTitle: "y", isLogarithmic: true)
        #expect(empty.contains("no points") && XMLCheck.isWellFormed(empty))
    }

    @Test func theCommand() async throws {
        let points: [JSONValue] = (0..<20).map { step in
            [
                "run_id": "r1", "key": "loss", "value": .number(1 / Double(step + 1)), "step": .int(step),
                "timestamp": .int(1000 * step),
            ]
        }
        let path = "/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval"
        let query = "metric_key=loss&max_results=\(CommandLimits.plottedPoints)"
        let server = RunCommandTests.server([
            "GET \(path)?run_ids=r1&\(query)": ["metrics": .array(points)],
            "GET \(path)?run_ids=r1&run_ids=r2&\(query)": ["metrics": .array(points)],
        ])
        #expect(await server.run("run", "plot", "loss", "r1", "--height", "6", width: 60) == 0)
        #expect(
            await server.run(
                "run",
                "plot",
                "loss",
                "r1",
                "--log",
                "--smooth",
                "0.5",
                "--time",
                "--height",
                "6",
                width: 60
            ) == 0
        )
        #expect(await server.run("run", "plot", "loss", "--experiment", "cancer", "--height", "6", width: 40) == 0)
        try expectGolden(server.output, "runplot.txt")
        #expect(await server.run("run", "plot", "loss", "r1", "--height", "3") == 64)
        #expect(await server.run("run", "plot", "loss", "r1", "--smooth", "1") == 64)
        let file = FileManager.default.temporaryDirectory.appending(path: "martlet-\(Identifier.random()).svg")
        defer { try? FileManager.default.removeItem(at: file) }
        #expect(await server.run("run", "plot", "loss", "r1", "--svg", file.path) == 0)
        #expect(try String(contentsOf: file, encoding: .utf8).hasPrefix("<svg"))
    }
}

/// Whether tags are closed in order; enough for what we write ourselves.
enum XMLCheck {
    static func isWellFormed(_ text: String) -> Bool {
        var open: [Substring] = []
        for piece in text.split(separator: "<").dropFirst(0) {
            guard let end = piece.firstIndex(of: ">") else { return false }
            let tag = piece[..<end]
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return false }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { $0 != " " })
            }
        }
        return open.isEmpty
    }
}
