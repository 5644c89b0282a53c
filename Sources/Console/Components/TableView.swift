/// A table: columns with their alignment, rows of finished cells.
package struct TableView: Sendable {
    /// The heading of a column.
    package struct Column: Sendable {
        /// The heading.
        package var title: String
        /// Whether its cells are numbers, set to the right.
        package var numeric: Bool
        /// Whether a line separates it from the column before.
        package var edge: Bool
        /// Whether long texts break into lines.
        package var wraps: Bool
        /// Where a click on the heading leads.
        package var href: String?
        /// `ascending` or `descending` when the rows are sorted by it.
        package var sorted: String?

        /// Makes a column.
        package init(
            _ title: String,
            numeric: Bool = false,
            edge: Bool = false,
            wraps: Bool = false,
            href: String? = nil,
            sorted: String? = nil
        ) {
            self.title = title
            self.numeric = numeric
            self.edge = edge
            self.wraps = wraps
            self.href = href
            self.sorted = sorted
        }
    }

    /// A heading over several columns.
    package struct Group: Sendable {
        /// The heading; may be empty.
        package var title: String
        /// How many columns it spans.
        package var span: Int

        /// Makes a heading.
        package init(_ title: String, span: Int) {
            self.title = title
            self.span = span
        }
    }

    /// The columns.
    package var columns: [Column]
    /// Headings over columns, or none.
    package var groups: [Group]
    /// The rows; each has one cell per column.
    package var rows: [[Markup]]

    /// Makes a table.
    package init(columns: [Column], groups: [Group] = [], rows: [[Markup]]) {
        self.columns = columns
        self.groups = groups
        self.rows = rows
    }

    /// The table, within a box that scrolls when it is too wide.
    package func markup() -> Markup {
        var html = Markup()
        html.raw("<div class=\"scroll\"><table><thead>")
        if !groups.isEmpty {
            html.raw("<tr class=\"groups\">")
            var start = 0
            for group in groups {
                let edge = start < columns.count && columns[start].edge
                html.raw("<th colspan=\"\(group.span)\"\(edge ? " class=\"edge\"" : "")>")
                html.text(group.title)
                html.raw("</th>")
                start += group.span
            }
            html.raw("</tr>")
        }
        html.raw("<tr>")
        for column in columns { heading(column, into: &html) }
        html.raw("</tr></thead><tbody>")
        for row in rows {
            html.raw("<tr>")
            for (column, cell) in zip(columns, row) {
                html.raw("<td\(style(column))>")
                html.append(cell)
                html.raw("</td>")
            }
            html.raw("</tr>")
        }
        html.raw("</tbody></table></div>")
        return html
    }

    /// The table, or what to say when there are no rows.
    package func markup(orEmpty empty: EmptyState) -> Markup {
        rows.isEmpty ? empty.markup() : markup()
    }

    private func style(_ column: Column) -> String {
        var classes: [String] = []
        if column.numeric { classes.append("num") }
        if column.edge { classes.append("edge") }
        if column.wraps { classes.append("wrap") }
        return classes.isEmpty ? "" : " class=\"\(classes.joined(separator: " "))\""
    }

    private func heading(_ column: Column, into html: inout Markup) {
        let sorted = column.sorted.map { " aria-sort=\"\(Markup.escaped($0))\"" } ?? ""
        html.raw("<th scope=\"col\"\(style(column))\(sorted)>")
        let mark = column.sorted.map { $0 == "ascending" ? " ↑" : " ↓" } ?? ""
        if let href = column.href {
            html.raw("<a href=\"")
            html.text(href)
            html.raw("\">")
            html.text(column.title + mark)
            html.raw("</a>")
        } else {
            html.text(column.title + mark)
        }
        html.raw("</th>")
    }
}
