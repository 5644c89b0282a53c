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

    /// One column and what its values are like.
    package struct Column: Sendable {
        /// Its name.
        package var name: String
        /// Its type.
        package var type: String
        /// How many values are missing.
        package var missing: Int64
        /// The smallest number; nil for text.
        package var minimum: Double?
        /// The mean; nil for text.
        package var mean: Double?
        /// The largest number; nil for text.
        package var maximum: Double?

        /// Makes a column.
        package init(
            name: String,
            type: String,
            missing: Int64 = 0,
            minimum: Double? = nil,
            mean: Double? = nil,
            maximum: Double? = nil
        ) {
            self.name = name
            self.type = type
            self.missing = missing
            self.minimum = minimum
            self.mean = mean
            self.maximum = maximum
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
    /// Its columns in order.
    package var columns: [Column]

    /// Makes the page.
    package init(
        name: String,
        verdict: (tone: Tone, text: String)? = nil,
        lede: [Markup] = [],
        stats: [StatStrip.Stat] = [],
        checks: [Check] = [],
        splits: [ShareBar.Part] = [],
        facts: [(label: String, value: Markup)] = [],
        columns: [Column] = []
    ) {
        self.name = name
        self.verdict = verdict
        self.lede = lede
        self.stats = stats
        self.checks = checks
        self.splits = splits
        self.facts = facts
        self.columns = columns
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
        let profile = TableView(
            columns: [
                .init("Column"), .init("Type"), .init("Missing", numeric: true), .init("Least", numeric: true),
                .init("Mean", numeric: true), .init("Greatest", numeric: true),
            ],
            rows: columns.map { column in
                [
                    .text(column.name), .code(column.type),
                    column.missing > 0 ? .toned(NumberText.count(column.missing), .warn) : .quiet("0"),
                    number(column.minimum), number(column.mean), number(column.maximum),
                ]
            }
        )
        var context: [String: Any] = [
            "stats": StatStrip(stats).markup(),
            "checks": checkTable.markup(orEmpty: EmptyState("This dataset declares no checks.")),
            "facts": FactList(facts).markup(),
            "columns": profile.markup(
                orEmpty: EmptyState("No rows yet. A pipeline with a data.ingest task brings them in.")
            ),
            "columnCount": NumberText.count(columns.count),
        ]
        let splitBar = ShareBar(splits, label: "Splits").markup()
        if !splitBar.isNull { context["splits"] = splitBar }
        return context
    }

    private func number(_ value: Double?) -> Markup {
        value.map { .text(NumberText.value($0)) } ?? .missing
    }
}
