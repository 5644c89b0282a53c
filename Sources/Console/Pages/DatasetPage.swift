/// One dataset: how much there is, what the checks said, how it is split, and a look at the rows.
package struct DatasetPage: ConsolePage {
    package static let template = "dataset"

    /// One check and what it found.
    package struct Check: Sendable {
        /// What was checked.
        package var name: String
        /// Whether it passed; nil before it ran.
        package var passed: Bool?
        /// What it found.
        package var detail: String

        /// Makes a check.
        package init(name: String, passed: Bool?, detail: String) {
            self.name = name
            self.passed = passed
            self.detail = detail
        }
    }

    /// Its name.
    package var name: String
    /// The verdict of the checks: colour and words; nil before they ran.
    package var verdict: (tone: Tone, text: String)?
    /// Facts below the heading.
    package var lede: [Markup]
    /// Figures.
    package var stats: [StatStrip.Stat]
    /// The checks.
    package var checks: [Check]
    /// The splits and their sizes.
    package var splits: [ShareBar.Part]
    /// Facts about its source and version.
    package var facts: [(label: String, value: Markup)]
    /// The first rows: column names and cells.
    package var sample: (columns: [String], rows: [[String]])

    /// Makes the page.
    package init(
        name: String,
        verdict: (tone: Tone, text: String)? = nil,
        lede: [Markup] = [],
        stats: [StatStrip.Stat] = [],
        checks: [Check] = [],
        splits: [ShareBar.Part] = [],
        facts: [(label: String, value: Markup)] = [],
        sample: (columns: [String], rows: [[String]]) = ([], [])
    ) {
        self.name = name
        self.verdict = verdict
        self.lede = lede
        self.stats = stats
        self.checks = checks
        self.splits = splits
        self.facts = facts
        self.sample = sample
    }

    package var head: PageHead {
        PageHead(
            name,
            section: .data,
            crumbs: [("Data", "/data")],
            badges: verdict.map { [.badge($0.tone, $0.text)] } ?? [],
            lede: lede,
            refresh: 3
        )
    }

    package var context: [String: Any] {
        let checkTable = TableView(
            columns: [.init("Check"), .init("Verdict"), .init("Found", wraps: true)],
            rows: checks.map { check in
                let verdict: Markup
                switch check.passed {
                case true?: verdict = .badge(.good, "passed")
                case false?: verdict = .badge(.bad, "failed")
                case nil: verdict = .badge(.idle, "not run")
                }
                return [.text(check.name), verdict, .quiet(check.detail)]
            }
        )
        let rows = TableView(
            columns: sample.columns.map { .init($0, numeric: true) },
            rows: sample.rows.map { $0.map { Markup.text($0) } }
        )
        var context: [String: Any] = [
            "stats": StatStrip(stats).markup(),
            "checks": checkTable.markup(orEmpty: EmptyState("This dataset declares no checks.")),
            "facts": FactList(facts).markup(),
            "sample": rows.markup(
                orEmpty: EmptyState("No rows yet. A pipeline with a data.ingest task brings them in.")
            ),
            "sampleCount": NumberText.count(sample.rows.count),
        ]
        let splitBar = ShareBar(splits, label: "Splits").markup()
        if !splitBar.isNull { context["splits"] = splitBar }
        return context
    }
}
