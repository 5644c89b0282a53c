/// One loop from its signal to its outcome.
package struct LoopPage: ConsolePage {
    package static let template = "loop"

    /// The loop.
    package var row: LoopRow
    /// The loop in one sentence: what opened it, or how it ended.
    package var sentence: String
    /// Facts below the heading.
    package var lede: [Markup]
    /// The stages, first to last, with what is still ahead.
    package var stages: [Timeline.Stage]
    /// How the time was spent.
    package var phases: [ShareBar.Part]

    /// Makes the page.
    package init(
        row: LoopRow,
        sentence: String,
        lede: [Markup] = [],
        stages: [Timeline.Stage],
        phases: [ShareBar.Part] = []
    ) {
        self.row = row
        self.sentence = sentence
        self.lede = lede
        self.stages = stages
        self.phases = phases
    }

    package var head: PageHead {
        PageHead(
            row.trigger,
            section: .loop,
            crumbs: [("Loop", "/loop")],
            badges: [.badge(row.tone, row.state)],
            lede: lede,
            refresh: row.tone == .live ? 1 : 5
        )
    }

    package var context: [String: Any] {
        [
            "took": row.took,
            "sentence": sentence,
            "phases": ShareBar(phases, label: "How the time was spent").markup(),
            "timeline": Timeline(stages).markup(),
        ]
    }
}
