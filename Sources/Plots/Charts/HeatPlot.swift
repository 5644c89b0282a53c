/// A table as coloured cells, each with its number where there is room.
package struct HeatPlot: Sendable {
    private let title: String
    private let subtitle: String
    private let xLabel: String
    private let yLabel: String
    private let rows: [String]
    private let columns: [String]
    private let values: [Double]
    private let isDiverging: Bool
    private let texts: [String]

    /// Makes a chart; rows and columns beyond `PlotsLimits.cells` are left out.
    ///
    /// - Parameters:
    ///   - title: the heading.
    ///   - subtitle: what is said below it.
    ///   - x: what the columns are.
    ///   - y: what the rows are.
    ///   - rows: the names of the rows.
    ///   - columns: the names of the columns.
    ///   - values: rows × columns, row-major; one that is not finite stays empty.
    ///   - texts: what is written into the cells; empty for the numbers.
    ///   - isDiverging: whether numbers below zero get a colour of their own.
    package init(
        title: String,
        subtitle: String = "",
        x: String,
        y: String,
        rows: [String],
        columns: [String],
        values: [Double],
        texts: [String] = [],
        isDiverging: Bool = false
    ) {
        self.title = title
        xLabel = x
        yLabel = y
        let fits = values.count == rows.count * columns.count
        let side = 100
        let (height, width) = fits ? (min(rows.count, side), min(columns.count, PlotsLimits.cells / side)) : (0, 0)
        self.rows = Array(rows.prefix(height))
        self.columns = Array(columns.prefix(width))
        let isCut = height < rows.count || width < columns.count
        self.subtitle = isCut ? "\(subtitle) (\(height) × \(width) of \(rows.count) × \(columns.count))" : subtitle
        let kept = (0..<height).flatMap { row in (0..<width).map { row * columns.count + $0 } }
        self.values = kept.map { values[$0] }
        self.texts = texts.count == values.count ? kept.map { texts[$0] } : []
        self.isDiverging = isDiverging
    }

    /// Draws the chart as SVG.
    package func svg() -> [UInt8] {
        let longest = rows.map { SVGCanvas.label($0).count }.max() ?? 0
        let (left, top) = (56 + Double(longest) * 6.8, 84.0)
        let cell = (
            width: min(96, max(8, 560 / Double(max(1, columns.count)))),
            height: min(56, max(8, 420 / Double(max(1, rows.count))))
        )
        let (right, bottom) = (left + cell.width * Double(columns.count), top + cell.height * Double(rows.count))
        let isTurned = columns.contains { Double($0.count) * 7 > cell.width }
        let labelRoom = isTurned ? min(200, 12 + 6.6 * Double(columns.map(\.count).max() ?? 0)) : 24
        var canvas = SVGCanvas(width: max(right + 40, 420), height: bottom + labelRoom + 34)
        canvas.heading(title, subtitle)
        let reach = values.lazy.filter(\.isFinite).map { abs($0) }.max() ?? 0
        let low = isDiverging ? 0 : min(0, values.lazy.filter(\.isFinite).min() ?? 0)
        for (index, value) in values.enumerated() {
            let x = left + Double(index % columns.count) * cell.width
            let y = top + Double(index / columns.count) * cell.height
            let share =
                value.isFinite && reach > low ? (isDiverging ? abs(value) / reach : (value - low) / (reach - low)) : 0
            let paint: Paint = value.isFinite ? (isDiverging && value > 0 ? .raises : .lowers) : .missing
            let text = texts.isEmpty ? NumberText.short(value) : texts[index]
            canvas.rectangle(
                x + 0.5,
                y + 0.5,
                cell.width - 1,
                cell.height - 1,
                fill: paint,
                radius: min(3, cell.width / 6),
                opacity: value.isFinite ? 0.05 + 0.9 * share : 0.15,
                tip: "\(rows[index / columns.count]), \(columns[index % columns.count]): \(text)"
            )
            guard value.isFinite, cell.height >= 16, Double(text.count) * 6.5 + 4 <= cell.width else { continue }
            canvas.text(
                text,
                x + cell.width / 2,
                y + cell.height / 2 + 4,
                fill: share > 0.6 ? .contrast : .ink,
                anchor: .middle
            )
        }
        label(&canvas, left, top, right, bottom, cell, isTurned)
        canvas.text(xLabel, (left + right) / 2, bottom + labelRoom + 16, fill: .muted, anchor: .middle)
        canvas.text(yLabel, 20, (top + bottom) / 2, fill: .muted, anchor: .middle, turned: true)
        return canvas.finish(
            title: title,
            description: "\(rows.count) rows (\(yLabel)), \(columns.count) columns (\(xLabel))."
        )
    }

    private func label(
        _ canvas: inout SVGCanvas,
        _ left: Double,
        _ top: Double,
        _ right: Double,
        _ bottom: Double,
        _ cell: (width: Double, height: Double),
        _ isTurned: Bool
    ) {
        let rowStep = max(1, Int((13 / cell.height).rounded(.up)))
        for row in stride(from: 0, to: rows.count, by: rowStep) {
            let y = top + (Double(row) + 0.5) * cell.height + 4
            canvas.text(SVGCanvas.label(rows[row]), left - 8, y, anchor: .end)
        }
        let columnStep = max(1, Int((13 / cell.width).rounded(.up)))
        for column in stride(from: 0, to: columns.count, by: columnStep) {
            let x = left + (Double(column) + 0.5) * cell.width
            let name = SVGCanvas.label(columns[column])
            if isTurned {
                canvas.text(name, x + 4, bottom + 8, anchor: .end, turned: true)
            } else {
                canvas.text(name, x, bottom + 18, anchor: .middle)
            }
        }
    }
}
