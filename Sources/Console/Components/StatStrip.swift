/// A row of figures with their labels.
package struct StatStrip: Sendable {
    /// One figure.
    package struct Stat: Sendable {
        /// What it is.
        package var label: String
        /// The figure.
        package var value: String
        /// Its unit, set small.
        package var unit: String
        /// A line below.
        package var note: String
        /// The colour of the figure.
        package var tone: Tone

        /// Makes a figure.
        package init(_ label: String, _ value: String, unit: String = "", note: String = "", tone: Tone = .idle) {
            self.label = label
            self.value = value
            self.unit = unit
            self.note = note
            self.tone = tone
        }
    }

    /// The figures.
    package var stats: [Stat]

    /// Makes a strip.
    package init(_ stats: [Stat]) {
        self.stats = stats
    }

    /// The strip as a panel; empty without figures.
    package func markup() -> Markup {
        guard !stats.isEmpty else { return Markup() }
        var html = Markup()
        html.raw("<section class=\"panel stats\">")
        for stat in stats {
            html.raw("<div><div class=\"label\">")
            html.text(stat.label)
            html.raw("</div><div class=\"value\">")
            html.append(.toned(stat.value, stat.tone))
            if !stat.unit.isEmpty {
                html.raw("<span class=\"unit\">")
                html.text(stat.unit)
                html.raw("</span>")
            }
            html.raw("</div><div class=\"note\" title=\"")
            html.text(stat.note)
            html.raw("\">")
            html.text(stat.note)
            html.raw("</div></div>")
        }
        html.raw("</section>")
        return html
    }
}
