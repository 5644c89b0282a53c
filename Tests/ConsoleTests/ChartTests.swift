import Console
import Core
import Foundation
import Testing

/// The drawings, as they are sent.
struct ChartTests {
    @Test func drawsALine() {
        let chart = LineChart(
            label: "loss <of> a run",
            curves: [.init("loss", [(0, 0.5), (1, 0.25), (2, .nan), (3, 0)], color: 1)],
            axis: .step,
            limit: 0.4,
            height: .short
        )
        #expect(
            chart.markup().html == """
                <figure class="chart" data-format="value" data-axis="step"><figcaption class="legend">\
                <span class="key c1"><span>loss</span><b>0</b></span><span class="at"></span></figcaption>\
                <div class="plot short"><div class="y" aria-hidden="true"><span>0</span><span>0.25</span><span>0.5</span></div>\
                <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="loss &lt;of&gt; a run">\
                <path class="grid" d="M0 1000H1000"/><path class="grid" d="M0 500H1000"/><path class="grid" d="M0 0H1000"/>\
                <g class="c1" data-name="loss" data-x="0 1 2 3" data-y="0.5 0.25 x 0">\
                <path class="curve" d="M0 0L333.3 500M1000 1000"/></g>\
                <path class="limit" d="M0 200H1000"><title>limit 0.4</title></path></svg>\
                <div class="x" aria-hidden="true"><span>0</span><span>3</span></div></div></figure>
                """
        )
    }

    @Test func drawsDotsAndFills() {
        let dotted = LineChart(
            label: "x",
            curves: [
                .init("a", [(1, 1), (2, 2)], color: 2, dotted: true),
                .init("b", [(1, 1), (2, 2)], color: 3, filled: true),
            ],
            axis: .step
        ).markup().html
        #expect(dotted.contains("<path class=\"dots\" d=\"M0 1000h0M1000 0h0\"/>"))
        #expect(dotted.contains("<path class=\"fill\" d=\"M0 1000L1000 0L1000 1000L0 1000Z\"/>"))
    }

    @Test func leavesOutWhatIsPastTheLimits() {
        let many = (0..<(ConsoleLimits.curvesPerChart + 2)).map {
            LineChart.Curve("c\($0)", [(0, 1), (1, 2)], color: 1)
        }
        let html = LineChart(label: "x", curves: many, axis: .step).markup().html
        #expect(html.contains("and 2 more"))
        #expect(html.components(separatedBy: "<g class=").count - 1 == ConsoleLimits.curvesPerChart)
        let long = (0..<(ConsoleLimits.curvePoints + 1)).map { (x: Double($0), y: Double($0 % 7)) }
        let thinned = Downsampling.largestTriangles(long, limit: ConsoleLimits.curvePoints)
        #expect(thinned.count == ConsoleLimits.curvePoints)
        #expect(thinned.first?.x == 0 && thinned.last?.x == Double(ConsoleLimits.curvePoints))
        #expect(
            Downsampling.largestTriangles(Array(long.dropLast()), limit: ConsoleLimits.curvePoints).count == long.count
                - 1
        )
    }

    @Test func timesAreLabelledAsDistances() {
        let now = Timestamp(milliseconds: 1_000_000)
        let curve = LineChart.Curve("a", [(x: 880_000, y: 1), (x: 1_000_000, y: 2)], color: 1)
        let html = LineChart(label: "x", curves: [curve], axis: .time(now: now)).markup().html
        for label in ["120 s ago", "60 s ago", "now"] { #expect(html.contains("<span>\(label)</span>")) }
    }

    @Test func keepsPeaksWhenThinning() {
        var points = (0..<5000).map { (x: Double($0), y: 0.0) }
        points[3333].y = 9
        #expect(Downsampling.largestTriangles(points, limit: 100).contains { $0.y == 9 })
    }

    @Test func drawsNothingForNothing() {
        #expect(LineChart(label: "x", curves: [.init("a", [(0, .nan)], color: 1)], axis: .step).markup().isNull)
        #expect(Sparkline([1], label: "x").markup().isNull)
        #expect(Sparkline([.nan, 1], label: "x").markup().isNull)
        #expect(Distribution(edges: [], reference: [], current: []).markup(label: "x").isNull)
        #expect(ShareBar([.init("a", weight: 0, figure: "0", color: 1)], label: "x").markup().isNull)
        #expect(ShareBar([.init("a", weight: .nan, figure: "0", color: 1)], label: "x").markup().isNull)
        #expect(GraphDrawing(tasks: [], label: "x").markup().isNull)
    }

    @Test func drawsASparkline() {
        #expect(
            Sparkline([0, 10, 5], label: "rate").markup().html == """
                <svg class="spark" viewBox="0 0 96 22" role="img" aria-label="rate">\
                <path class="fill" d="M0 21L48 2L96 11.5L96 22L0 22Z"/><path class="curve" d="M0 21L48 2L96 11.5"/></svg>
                """
        )
    }

    @Test func drawsADistribution() {
        let drawn = Distribution(edges: [0, 1, 2], reference: [0.5, 0.5], current: [0, 1]).markup(label: "radius")
        #expect(
            drawn.html == """
                <svg class="bars" viewBox="0 0 1000 1000" preserveAspectRatio="none" role="img" aria-label="radius">\
                <path class="grid" d="M0 1000H1000"/><path class="reference" d="M0 1000V520H500V520H1000V1000Z"/>\
                <path class="current-fill" d="M0 1000V1000H500V40H1000V1000Z"/>\
                <path class="current" d="M0 1000V1000H500V40H1000V1000"/></svg>
                """
        )
    }

    @Test func binsSamples() {
        let binned = Distribution(reference: [0, 1, 2, 3, .nan], current: [3, .infinity], bins: 3)
        #expect(binned.edges == [0, 1, 2, 3])
        #expect(binned.reference == [0.25, 0.25, 0.5])
        #expect(binned.current == [0, 0, 1])
        #expect(Distribution(reference: [2, 2], current: []).reference.reduce(0, +) == 1)
        #expect(Distribution(reference: [], current: []).reference.reduce(0, +) == 0)
    }

    @Test func drawsBars() {
        #expect(
            SpanBar(start: 0.25, end: 0.5, tone: .good, label: "x").markup().html.contains(
                "<rect class=\"run good\" x=\"250\" width=\"250\" height=\"10\"/>"
            )
        )
        #expect(SpanBar(start: .nan, end: 9, tone: .live, label: "x").markup().html.contains("x=\"0\" width=\"1000\""))
        #expect(Meter(2, label: "x").markup().html.contains("<rect width=\"100\" height=\"10\"/>"))
        #expect(Meter(.nan, label: "x").markup().html.contains("<rect width=\"0\" height=\"10\"/>"))
        let share = ShareBar(
            [.init("a", weight: 9, figure: "90%", color: 1), .init("b", weight: 1, figure: "10%", color: 2)],
            label: "x",
            keys: false
        )
        #expect(share.markup().html.contains("<rect class=\"c2\" x=\"900\" y=\"0\" width=\"98\" height=\"10\">"))
        #expect(
            StateStrip(Array(repeating: .good, count: 40)).markup().html.components(separatedBy: "<rect").count == 17
        )
    }

    @Test(arguments: [
        (0.0, 0.97, [0, 0.25, 0.5, 0.75, 1.0]), (3.0, 3.0, [2.7, 2.8, 2.9, 3.0, 3.1, 3.2, 3.3]),
        (0.0, 0.0, [0, 0.25, 0.5, 0.75, 1]), (-5.0, 5.0, [-5, -2.5, 0, 2.5, 5]),
    ])
    func choosesRoundTicks(_ low: Double, _ high: Double, _ expected: [Double]) {
        let ticks = NiceScale(low, high).ticks
        #expect(ticks.first ?? 0 <= low + 1e-9 && ticks.last ?? 0 >= high - 1e-9)
        #expect(zip(ticks, expected).allSatisfy { abs($0 - $1) < 1e-6 } || ticks.count <= 7, "\(ticks)")
    }

    @Test func scalesTakeAnything() {
        for (low, high) in [(Double.nan, 1.0), (-.infinity, .infinity), (1e300, 1e301), (1e-300, 2e-300), (5, -5)] {
            let scale = NiceScale(low, high)
            #expect(scale.upper > scale.lower)
            #expect(scale.ticks.count <= 13)
            #expect((0...1).contains(scale.position(.nan)))
        }
        #expect(NiceScale(0, 7, intervals: 3, whole: true).step == 3)
        #expect(NiceScale(0, 1, intervals: 4, whole: true).step == 1)
    }

    @Test func writesCoordinates() {
        #expect(Coordinates.text(333.3333) == "333.3")
        #expect(Coordinates.text(-0.04) == "0")
        #expect(Coordinates.text(.nan) == "0")
        #expect(Coordinates.text(1e300) == "100000")
        #expect(Coordinates.polyline([nil, (1, 2), nil, (3, 4), (5, 6)]) == "M1 2M3 4L5 6")
    }
}
