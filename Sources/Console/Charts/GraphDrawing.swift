/// The graph of a pipeline as an SVG with one linked box for each task.
package struct GraphDrawing: Sendable {
    /// A task in the drawing.
    package struct Node: Sendable {
        /// The task's name; unique.
        package var name: String
        /// The names of the tasks it needs.
        package var needs: [String]
        /// Its state in words, with a duration when it has one.
        package var note: String
        /// Its state's colour.
        package var tone: Tone
        /// Where its box leads.
        package var href: String?
        /// Whether the page shows this task's details.
        package var selected: Bool

        /// Makes a task.
        package init(
            name: String,
            needs: [String],
            note: String,
            tone: Tone,
            href: String? = nil,
            selected: Bool = false
        ) {
            self.name = name
            self.needs = needs
            self.note = note
            self.tone = tone
            self.href = href
            self.selected = selected
        }
    }

    /// The tasks.
    package var tasks: [Node]
    /// What screen readers hear.
    package var label: String

    /// Makes a drawing.
    package init(tasks: [Node], label: String) {
        self.tasks = tasks
        self.label = label
    }

    /// The drawing; empty without tasks or past `ConsoleLimits.graphNodes`.
    package func markup() -> Markup {
        guard !tasks.isEmpty, tasks.count <= ConsoleLimits.graphNodes else { return Markup() }
        let layout = GraphLayout(tasks.map { ($0.name, $0.needs) })
        let done = Set(tasks.filter { $0.tone == .good }.map(\.name))
        let width = Coordinates.text(layout.width + 2)
        let height = Coordinates.text(layout.height + 2)
        var html = Markup()
        html.raw(
            "<svg width=\"\(width)\" height=\"\(height)\" viewBox=\"-1 -1 \(width) \(height)\" role=\"img\" aria-label=\""
        )
        html.text(label)
        html.raw("\">")
        for edge in layout.edges {
            let style = done.contains(edge.from) ? "edge done" : "edge"
            html.raw("<path class=\"\(style)\" d=\"\(curve(edge.points))\"/>")
        }
        for task in tasks {
            guard let place = layout.places[task.name] else { continue }
            node(task, at: place, into: &html)
        }
        html.raw("</svg>")
        return html
    }

    private func curve(_ points: [GraphLayout.Point]) -> String {
        guard var last = points.first else { return "" }
        var path = "M\(Coordinates.text(last.x)) \(Coordinates.text(last.y))"
        for (index, point) in points.dropFirst().enumerated() {
            let (x, y) = (Coordinates.text(point.x), Coordinates.text(point.y))
            if index % 2 == 0 {
                let middle = Coordinates.text((last.x + point.x) / 2)
                path += "C\(middle) \(Coordinates.text(last.y)) \(middle) \(y) \(x) \(y)"
            } else {
                path += "L\(x) \(y)"
            }
            last = point
        }
        return path
    }

    private func node(_ task: Node, at place: GraphLayout.Point, into html: inout Markup) {
        if let href = task.href {
            html.raw("<a href=\"")
            html.text(href)
            html.raw("\">")
        }
        let style = "node \(task.tone.rawValue)\(task.selected ? " selected" : "")"
        html.raw(
            "<g class=\"\(style)\" transform=\"translate(\(Coordinates.text(place.x)) \(Coordinates.text(place.y)))\">"
        )
        html.raw("<title>")
        html.text("\(task.name): \(task.note)")
        html.raw("</title><rect width=\"160\" height=\"46\" rx=\"7\"/>")
        html.raw("<circle class=\"state\" cx=\"15\" cy=\"17\" r=\"4\"/><text class=\"name\" x=\"27\" y=\"21.5\">")
        html.text(GraphDrawing.shortened(task.name, to: 19))
        html.raw("</text><text class=\"note\" x=\"27\" y=\"37\">")
        html.text(GraphDrawing.shortened(task.note, to: 23))
        html.raw("</text></g>")
        if task.href != nil { html.raw("</a>") }
    }

    /// The text with its middle left out when it is longer than `limit` characters.
    package static func shortened(_ text: String, to limit: Int) -> String {
        guard text.count > limit, limit > 4 else { return text }
        let tail = (limit - 1) / 3
        return text.prefix(limit - 1 - tail) + "…" + text.suffix(tail)
    }
}
