import Core
import Foundation
import Plots
import Testing

@Suite("Every chart")
struct GalleryTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

    /// `MARTLET_WRITE_GOLDEN=1` writes the files anew; look at them before they are committed.
    @Test("looks as its golden file does", arguments: Gallery.all.map(\.name))
    func golden(_ name: String) throws {
        let svg = try #require(Gallery.all.first { $0.name == name }?.svg)
        let file = Self.folder.appending(path: "\(name).svg")
        if ProcessInfo.processInfo.environment["MARTLET_WRITE_GOLDEN"] == "1" { try Data(svg).write(to: file) }
        #expect(try Data(contentsOf: file) == Data(svg), "\(name).svg differs")
    }

    @Test("is well-formed, has a title for screen readers, colours for both kinds of page and no broken number")
    func wellformed() {
        #expect(Gallery.all.count == 18)
        for (name, svg) in Gallery.all {
            let text = String(decoding: svg, as: UTF8.self)
            #expect(isWellFormed(svg), "\(name)")
            #expect(text.contains("role=\"img\" aria-label=\"") && text.contains("<title>"))
            #expect(text.contains("prefers-color-scheme:dark"))
            #expect(!hasBrokenNumber(text), "\(name)")
        }
    }

    @Test("of nothing says so, and of numbers without end draws none of them")
    func empty() {
        let axis = PlotAxis("x")
        let bad = [PlotPoint(.nan, 1), PlotPoint(.infinity, -.infinity), PlotPoint(1e308, -1e308)]
        for points in [[], bad] {
            let svgs = [
                LinePlot(title: "", x: axis, y: axis, lines: [LinePlot.Line("a", points)]).svg(),
                ScatterPlot(title: "", x: axis, y: axis, groups: [ScatterPlot.Group("a", points)]).svg(),
                HistogramPlot(title: "", label: "", groups: [("a", points.map(\.x))]).svg(),
                BarPlot(title: "", label: "", bars: points.map { BarPlot.Bar("a", $0.x) }).svg(),
                HeatPlot(title: "", x: "", y: "", rows: [], columns: [], values: points.map(\.x)).svg(),
                ContourPlot(title: "", x: axis, y: axis, xs: [], ys: [], values: [], valueName: "").svg(),
                ParallelPlot(title: "", axes: [], rows: [], values: [], valueName: "").svg(),
                ResidualPlot.svg(predicted: points.map(\.x), actual: points.map(\.y)),
                ROCPlot.svg([]), ConfusionPlot.svg(classes: [], counts: []),
            ]
            for svg in svgs {
                let text = String(decoding: svg, as: UTF8.self)
                #expect(isWellFormed(svg))
                #expect(!hasBrokenNumber(text))
            }
        }
        let nothing = LinePlot(title: "", x: axis, y: axis, lines: []).svg()
        #expect(String(decoding: nothing, as: UTF8.self).contains("There is nothing that can be drawn."))
    }

    @Test("escapes names and keeps its size at the limits")
    func limits() throws {
        let axis = PlotAxis("<script>")
        func text(_ svg: [UInt8]) -> String { String(decoding: svg, as: UTF8.self) }
        let many = (0..<PlotsLimits.points + 1).map { PlotPoint(Double($0), Double($0 % 100)) }
        let scatter = text(
            ScatterPlot(title: "<b>", x: axis, y: axis, groups: [ScatterPlot.Group("a", many)]).svg()
        )
        #expect(scatter.matches(of: /<circle/).count == PlotsLimits.points && !scatter.contains("<b>"))
        let line = text(LinePlot(title: "", x: axis, y: axis, lines: [LinePlot.Line("a", many)]).svg())
        #expect(line.utf8.count < PlotsLimits.points * 20 && !line.contains("<script"))
        let lines = (0..<PlotsLimits.series + 2).map { LinePlot.Line("s\($0)", [PlotPoint(0, 0), PlotPoint(1, 1)]) }
        let named = text(LinePlot(title: "", x: axis, y: axis, lines: lines).svg())
        #expect(named.contains("2 lines more are not shown") && !named.contains(">s\(PlotsLimits.series)<"))
        let bars = text(
            BarPlot(title: "", label: "", bars: (0...PlotsLimits.bars).map { BarPlot.Bar("b\($0)", 1) }).svg()
        )
        #expect(bars.contains("1 more are not shown"))
        let side = 101
        let heat = text(
            HeatPlot(
                title: "",
                x: "",
                y: "",
                rows: (0..<side).map { "r\($0)" },
                columns: (0..<side).map { "c\($0)" },
                values: [Double](repeating: 1, count: side * side)
            ).svg()
        )
        #expect(heat.matches(of: /<rect x/).count == PlotsLimits.cells && heat.contains("100 × 100 of 101 × 101"))
        let axes = (0...PlotsLimits.parallelAxes).map { PlotAxis("p\($0)") }
        let parallel = text(
            ParallelPlot(title: "", axes: axes, rows: [axes.indices.map { Double($0) }], values: [1], valueName: "")
                .svg()
        )
        #expect(!parallel.contains(">p\(PlotsLimits.parallelAxes)<"))
        let histogram = text(
            HistogramPlot(title: "", label: "", groups: [("a", many.map(\.x))], bins: 1_000_000).svg()
        )
        #expect(histogram.matches(of: /<rect x/).count <= PlotsLimits.bins)
        let title = text(BarPlot(title: String(repeating: "x", count: 500), label: "", bars: []).svg())
        #expect(title.contains(String(repeating: "x", count: PlotsLimits.titleCharacters - 1) + "…"))
    }

    @Test("of a dependence is coloured by the feature that it depends on most")
    func partner() throws {
        let explained = try Gallery.explained(rows: 200)
        #expect(DependencePlot.strongestPartner(explained, 1) == 0)
        #expect(DependencePlot.svg(explained, feature: 9).isEmpty && ForcePlot.svg(explained, row: -1).isEmpty)
    }
}
