/// One monitor: its verdict in words, its scores over time, and every feature now against the reference.
package struct MonitorPage: ConsolePage {
    package static let template = "monitor"

    /// One feature's distributions.
    package struct Feature: Sendable {
        /// Its name.
        package var name: String
        /// Reference and current, binned alike.
        package var distribution: Distribution
        /// Whether it moved.
        package var drifted: Bool
        /// The figure beside its name, such as `p 0.0003`.
        package var figure: String

        /// Makes a feature.
        package init(name: String, distribution: Distribution, drifted: Bool, figure: String) {
            self.name = name
            self.distribution = distribution
            self.drifted = drifted
            self.figure = figure
        }
    }

    /// What changed in the data itself, in a column.
    package struct DataChange: Sendable {
        /// The column.
        package var column: String
        /// What happened, in words.
        package var detail: String
        /// How likely as much is by chance; empty for what chance cannot do.
        package var probability: String
        /// Whether it counts as drift or is only worth knowing.
        package var tone: Tone

        /// Makes a change.
        package init(column: String, detail: String, probability: String, tone: Tone) {
            self.column = column
            self.detail = detail
            self.probability = probability
            self.tone = tone
        }
    }

    /// What predictions are worth: curves over time and the newest figures of each version.
    package struct Performance: Sendable {
        /// The verdict in words.
        package var note: String
        /// A chart for each metric.
        package var charts: [(title: String, note: String, chart: LineChart)]
        /// The newest figures.
        package var table: TableView?

        /// Makes the part.
        package init(
            note: String,
            charts: [(title: String, note: String, chart: LineChart)] = [],
            table: TableView? = nil
        ) {
            self.note = note
            self.charts = charts
            self.table = table
        }
    }

    /// The monitor's name.
    package var name: String
    /// The deployment it watches.
    package var deployment: String
    /// The verdict's colour.
    package var tone: Tone
    /// The verdict in one or two words.
    package var verdict: String
    /// The verdict in a sentence.
    package var sentence: String
    /// The figures behind it.
    package var stats: [StatStrip.Stat]
    /// Scores over time.
    package var scores: [(title: String, note: String, chart: LineChart)]
    /// Every feature, those that moved first.
    package var features: [Feature]
    /// How the monitor decides.
    package var settings: [(label: String, value: Markup)]
    /// Changes of the verdict, newest first.
    package var events: [Feed.Entry]
    /// What changed in the data itself.
    package var changes: [DataChange]
    /// What predictions are worth; nil when the monitor does not judge it.
    package var performance: Performance?
    /// Buttons.
    package var actions: [ActionButton]

    /// Makes the page.
    package init(
        name: String,
        deployment: String,
        tone: Tone,
        verdict: String,
        sentence: String,
        stats: [StatStrip.Stat] = [],
        scores: [(title: String, note: String, chart: LineChart)] = [],
        features: [Feature] = [],
        settings: [(label: String, value: Markup)] = [],
        events: [Feed.Entry] = [],
        changes: [DataChange] = [],
        performance: Performance? = nil,
        actions: [ActionButton] = []
    ) {
        self.name = name
        self.deployment = deployment
        self.tone = tone
        self.verdict = verdict
        self.sentence = sentence
        self.stats = stats
        self.scores = scores
        self.features = features
        self.settings = settings
        self.events = events
        self.changes = changes
        self.performance = performance
        self.actions = actions
    }

    package var head: PageHead {
        PageHead(
            name,
            section: .drift,
            crumbs: [("Drift", "/drift")],
            badges: [.badge(tone, verdict)],
            lede: [
                .joined([.text("watches"), .link(deployment, ConsolePath.of("deployments", deployment))]),
                .link("report", "/api/martlet/v1/monitors/\(ConsolePath.encoded(name))/report?format=html"),
            ],
            actions: actions,
            refresh: 2
        )
    }

    package var context: [String: Any] {
        let moved = features.count(where: \.drifted)
        let charts = scores.map { score -> [String: Any] in
            let drawn = score.chart.markup()
            let empty = EmptyState("No evaluation yet.").markup()
            return ["scoreTitle": score.title, "scoreNote": score.note, "scoreChart": drawn.isNull ? empty : drawn]
        }
        var context: [String: Any] = [
            "sentence": sentence,
            "stats": StatStrip(stats).markup(),
            "scores": charts,
            "featureNote": features.isEmpty ? "" : "\(moved) of \(features.count) moved",
            "features": figures,
            "settings": FactList(settings).markup(),
            "events": Feed(events).markup(orEmpty: EmptyState("The verdict has not changed yet.")),
        ]
        if !changes.isEmpty { context["changes"] = changeTable.markup() }
        if let performance { context["performance"] = Self.context(performance) }
        return context
    }

    private static func context(_ performance: Performance) -> [String: Any] {
        var context: [String: Any] = [
            "performanceNote": performance.note,
            "performanceCharts": performance.charts.map { part -> [String: Any] in
                let drawn = part.chart.markup()
                let empty = EmptyState("No judged rows yet.").markup()
                return [
                    "chartTitle": part.title, "chartNote": part.note, "chartDrawing": drawn.isNull ? empty : drawn,
                ]
            },
        ]
        if let table = performance.table { context["performanceTable"] = table.markup() }
        return context
    }

    private var changeTable: TableView {
        TableView(
            columns: [.init("Column"), .init("What changed", wraps: true), .init("By chance", numeric: true)],
            rows: changes.prefix(ConsoleLimits.listRows).map { change in
                [.text(change.column), .toned(change.detail, change.tone), .text(change.probability)]
            }
        )
    }

    private var figures: Markup {
        guard !features.isEmpty else {
            return EmptyState("Distributions appear once the window holds enough rows and a reference is set.").markup()
        }
        var html = Markup()
        html.raw("<div class=\"small-multiples\">")
        for feature in features.prefix(ConsoleLimits.featureFigures) {
            let edges = feature.distribution.edges
            html.raw(
                "<figure class=\"\(feature.drifted ? "drifted" : "stable")\"><figcaption><span class=\"name\" title=\""
            )
            html.text(feature.name)
            html.raw("\">")
            html.text(feature.name)
            html.raw("</span>")
            html.append(feature.drifted ? .toned(feature.figure, .bad) : .quiet(feature.figure))
            html.raw("</figcaption>")
            html.append(feature.distribution.markup(label: "\(feature.name): reference in grey, current as a line"))
            html.raw("<div class=\"axis\"><span>")
            html.text(edges.first.map(NumberText.value) ?? "")
            html.raw("</span><span>")
            html.text(edges.last.map(NumberText.value) ?? "")
            html.raw("</span></div></figure>")
        }
        html.raw("</div>")
        return html
    }
}
