/// A plot in characters: every cell of Braille holds two by four dots.
package struct BraillePlot {
    private let columns: Int
    private let rows: Int
    private var dots: [UInt8]
    private var owner: [Int]

    private static let colours: [Terminal.Colour] = [.good, .busy, .bad, .bold, .dim]
    private static let bits: [[UInt8]] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]]

    private init(columns: Int, rows: Int) {
        self.columns = columns
        self.rows = rows
        dots = Array(repeating: 0, count: columns * rows)
        owner = Array(repeating: 0, count: columns * rows)
    }

    /// The letter that stands for a line in the plot and its legend.
    static func letter(_ index: Int) -> Character {
        Character(UnicodeScalar(UInt8(ascii: "a") + UInt8(index % 26)))
    }

    /// The lines of a plot with its axes and legend; empty if nothing can be shown.
    ///
    /// `width` is the columns of everything together, `height` the rows of the drawing.
    package static func lines(
        _ series: [PlotSeries],
        width: Int,
        height: Int,
        isLogarithmic: Bool,
        paint: (String, Terminal.Colour) -> String
    ) -> [String] {
        guard let axes = PlotAxes(series, isLogarithmic: isLogarithmic) else { return [] }
        let marks = (0..<height).map { mark($0, of: height, axes) }
        let margin = marks.map(\.count).max() ?? 0
        var plot = BraillePlot(columns: max(8, width - margin - 2), rows: max(2, height))
        var ends: [Int: Character] = [:]
        for (index, line) in series.enumerated() {
            if let end = plot.draw(line, index, axes) { ends[end] = letter(index) }
        }
        var lines = (0..<plot.rows).map { row in
            let mark = row < marks.count ? marks[row] : ""
            let space = String(repeating: " ", count: margin - mark.count)
            return space + mark + " │" + plot.row(row, ends, paint)
        }
        let left = PlotAxes.label(axes.x.lowerBound)
        let right = PlotAxes.label(axes.x.upperBound)
        lines.append(String(repeating: " ", count: margin) + " └" + String(repeating: "─", count: plot.columns))
        let gap = max(1, plot.columns - left.count - right.count)
        lines.append(String(repeating: " ", count: margin + 2) + left + String(repeating: " ", count: gap) + right)
        for (index, line) in series.enumerated() {
            let text = "\(letter(index)) \(DisplayText.safe(line.name))"
            lines.append(paint(DisplayText.fitted(text, to: max(8, width)), colours[index % colours.count]))
        }
        return lines
    }

    /// What stands before a row: a value at every fourth, and at the last.
    private static func mark(_ row: Int, of height: Int, _ axes: PlotAxes) -> String {
        guard row % 4 == 0 || row == height - 1 else { return "" }
        let part: Double = height > 1 ? 1 - Double(row) / Double(height - 1) : 0.5
        return PlotAxes.label(axes.value(at: part))
    }

    /// Draws a line and returns the cell where it ends.
    private mutating func draw(_ line: PlotSeries, _ index: Int, _ axes: PlotAxes) -> Int? {
        var last: (x: Int, y: Int)?
        var end: Int?
        for point in line.points {
            guard let place = axes.place(point) else {
                last = nil
                continue
            }
            let x = Int((place.x * Double(columns * 2 - 1)).rounded())
            let y = Int(((1 - place.y) * Double(rows * 4 - 1)).rounded())
            join(last ?? (x, y), (x, y), index)
            last = (x, y)
            end = y / 4 * columns + x / 2
        }
        return end
    }

    private mutating func join(_ from: (x: Int, y: Int), _ to: (x: Int, y: Int), _ index: Int) {
        let steps = max(abs(to.x - from.x), abs(to.y - from.y), 1)
        for step in 0...steps {
            let x = from.x + (to.x - from.x) * step / steps
            let y = from.y + (to.y - from.y) * step / steps
            guard (0..<columns * 2).contains(x), (0..<rows * 4).contains(y) else { continue }
            let cell = y / 4 * columns + x / 2
            dots[cell] |= Self.bits[y % 4][x % 2]
            owner[cell] = index
        }
    }

    private func row(_ row: Int, _ ends: [Int: Character], _ paint: (String, Terminal.Colour) -> String) -> String {
        var result = ""
        var (piece, colour): (String, Int?) = ("", nil)
        func flush() {
            if let colour, !piece.isEmpty { result += paint(piece, Self.colours[colour % Self.colours.count]) }
            if colour == nil { result += piece }
        }
        for column in 0..<columns {
            let cell = row * columns + column
            let own = dots[cell] == 0 ? nil : owner[cell]
            if own != colour {
                flush()
                (piece, colour) = ("", own)
            }
            let dot = UnicodeScalar(0x2800 + UInt32(dots[cell])).map(Character.init) ?? " "
            piece.append(dots[cell] == 0 ? " " : ends[cell] ?? dot)
        }
        flush()
        while result.last == " " { result.removeLast() }
        return result
    }
}
