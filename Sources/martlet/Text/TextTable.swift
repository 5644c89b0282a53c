/// A table of text: aligned columns under headings, fitted to the terminal.
package struct TextTable {
    /// Where the text of a column stands.
    package enum Alignment: Sendable {
        case left
        case right
    }

    /// One column.
    package struct Column: Sendable {
        /// The heading.
        package let title: String
        /// Where its text stands.
        package let alignment: Alignment
        /// Whether it keeps its width when the terminal is narrow, as ids must.
        package let isFixed: Bool
        /// The colour of a cell's text.
        package let colour: @Sendable (String) -> Terminal.Colour?

        /// Makes a column.
        package init(
            title: String,
            alignment: Alignment = .left,
            isFixed: Bool = false,
            colour: @escaping @Sendable (String) -> Terminal.Colour? = { _ in nil }
        ) {
            self.title = title
            self.alignment = alignment
            self.isFixed = isFixed
            self.colour = colour
        }
    }

    /// The columns in order.
    package let columns: [Column]
    private var rows: [[String]] = []

    /// A table without rows.
    package init(_ columns: [Column]) {
        self.columns = columns
    }

    /// Adds a row; missing cells are empty.
    package mutating func add(_ cells: [String]) {
        rows.append(columns.indices.map { $0 < cells.count ? DisplayText.safe(cells[$0]) : "" })
    }

    /// Writes headings and rows, or `empty` when there are none.
    package func write(to terminal: Terminal, empty: String) {
        guard !rows.isEmpty else {
            terminal.line(terminal.paint(empty, .dim))
            return
        }
        let widths = fittedWidths(terminal.width)
        terminal.line(terminal.paint(line(columns.map(\.title), widths), .bold))
        for row in rows {
            terminal.line(
                line(row, widths) { index, text in
                    columns[index].colour(row[index]).map { terminal.paint(text, $0) } ?? text
                }
            )
        }
    }

    private func line(
        _ cells: [String],
        _ widths: [Int],
        paint: (Int, String) -> String = { $1 }
    ) -> String {
        var result = ""
        for (index, cell) in cells.enumerated() {
            let text = DisplayText.fitted(cell, to: widths[index])
            let space = String(repeating: " ", count: max(0, widths[index] - DisplayText.width(text)))
            let isLast = index == cells.count - 1
            switch columns[index].alignment {
            case .left: result += paint(index, text) + (isLast ? "" : space + "  ")
            case .right: result += space + paint(index, text) + (isLast ? "" : "  ")
            }
        }
        // Empty cells at the end leave no blanks behind.
        while result.last == " " { result.removeLast() }
        return result
    }

    /// Natural widths, taken from the widest columns first until the line fits.
    private func fittedWidths(_ limit: Int?) -> [Int] {
        var widths = columns.indices.map { index in
            rows.reduce(DisplayText.width(columns[index].title)) { max($0, DisplayText.width($1[index])) }
        }
        guard let limit else { return widths }
        var excess = widths.reduce(0, +) + 2 * (columns.count - 1) - limit
        while excess > 0 {
            let candidates = columns.indices.filter {
                !columns[$0].isFixed && widths[$0] > CommandLimits.narrowestColumn
            }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { break }
            widths[widest] -= 1
            excess -= 1
        }
        return widths
    }
}
