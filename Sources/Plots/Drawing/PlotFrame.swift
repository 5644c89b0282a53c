/// The paper of a chart with two axes: title, grid, ticks, labels and legend.
struct PlotFrame {
    /// An entry of the legend.
    struct Entry {
        let name: String
        let paint: Paint
        var isLine = true
    }

    static let (left, top, plotWidth, plotHeight) = (76.0, 74.0, 560.0, 330.0)
    var canvas: SVGCanvas
    let x: PlotScale
    let y: PlotScale
    private let legendTop: Double

    /// Draws the paper for those points; `margin` is room at the right.
    init(
        title: String,
        subtitle: String,
        x xAxis: PlotAxis,
        y yAxis: PlotAxis,
        points: [PlotPoint],
        legend: [Entry] = [],
        margin: Double = 28,
        isGridded: Bool = true
    ) {
        let (left, top) = (Self.left, Self.top)
        let (right, bottom) = (left + Self.plotWidth, top + Self.plotHeight)
        x = xAxis.scale(points.lazy.map(\.x), from: left, to: right)
        y = yAxis.scale(points.lazy.map(\.y), from: bottom, to: top)
        let rows = Self.rows(legend, width: Self.plotWidth)
        legendTop = bottom + 62
        canvas = SVGCanvas(width: right + margin, height: bottom + 58 + Double(rows.count) * 20)
        canvas.heading(title, subtitle)
        for tick in yAxis.ticks(y, 6) {
            let place = y.place(of: tick.value)
            if isGridded { canvas.line(left, place, right, place, stroke: .grid) }
            canvas.text(tick.text, left - 8, place + 4, size: 11, fill: .muted, anchor: .end)
        }
        for tick in xAxis.ticks(x, 7) {
            let place = x.place(of: tick.value)
            if isGridded { canvas.line(place, top, place, bottom, stroke: .grid) }
            canvas.text(tick.text, place, bottom + 18, size: 11, fill: .muted, anchor: .middle)
        }
        canvas.line(left, bottom, right, bottom, stroke: .muted)
        canvas.text(
            SVGCanvas.label(xAxis.label, limit: 80),
            (left + right) / 2,
            bottom + 40,
            fill: .muted,
            anchor: .middle
        )
        canvas.text(
            SVGCanvas.label(yAxis.label, limit: 50),
            20,
            (top + bottom) / 2,
            fill: .muted,
            anchor: .middle,
            turned: true
        )
        draw(rows)
        if !points.contains(where: \.isFinite) {
            canvas.text(
                "There is nothing that can be drawn.",
                (left + right) / 2,
                (top + bottom) / 2,
                fill: .muted,
                anchor: .middle
            )
        }
    }

    /// Where a point is drawn.
    func place(_ point: PlotPoint) -> PlotPoint {
        PlotPoint(x.place(of: point.x), y.place(of: point.y))
    }

    /// Whether a place lies on the paper.
    func holds(_ place: PlotPoint) -> Bool {
        place.x >= Self.left - 1 && place.x <= Self.left + Self.plotWidth + 1 && place.y >= Self.top - 1
            && place.y <= Self.top + Self.plotHeight + 1
    }

    private mutating func draw(_ rows: [[(entry: Entry, offset: Double)]]) {
        for (row, entries) in rows.enumerated() {
            let place = legendTop + Double(row) * 20
            for (entry, offset) in entries {
                let start = Self.left + offset
                if entry.isLine {
                    canvas.line(start, place - 4, start + 16, place - 4, stroke: entry.paint, width: 3)
                } else {
                    canvas.circle(start + 8, place - 4, 4, fill: entry.paint, opacity: 1)
                }
                canvas.text(SVGCanvas.label(entry.name), start + 22, place, fill: .ink)
            }
        }
    }

    /// The entries in rows, each with where it begins.
    private static func rows(_ legend: [Entry], width: Double) -> [[(entry: Entry, offset: Double)]] {
        var rows: [[(entry: Entry, offset: Double)]] = []
        var offset = width
        for entry in legend {
            let size = 44 + Double(SVGCanvas.label(entry.name).count) * 6.8
            if offset + size > width {
                rows.append([])
                offset = 0
            }
            rows[rows.count - 1].append((entry, offset))
            offset += size
        }
        return rows
    }
}

extension SVGCanvas {
    /// The title and what is said below it.
    mutating func heading(_ title: String, _ subtitle: String) {
        text(Self.label(title, limit: PlotsLimits.titleCharacters), 24, 32, size: 18, weight: 650)
        text(Self.label(subtitle, limit: PlotsLimits.titleCharacters), 24, 54, fill: .muted)
    }

    /// Colours from low to high, with what they stand for.
    mutating func rampLegend(_ x: Double, _ top: Double, _ height: Double, low: String, high: String, name: String) {
        ramp(x, top, 12, height)
        text(high, x + 18, top + 10, size: 11, fill: .muted)
        text(low, x + 18, top + height, size: 11, fill: .muted)
        text(
            Self.label(name, limit: 40),
            x + 26,
            top + height / 2,
            size: 11,
            fill: .muted,
            anchor: .middle,
            turned: true
        )
    }
}
