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
        events: [Feed.Entry] = []
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
    }

    package var head: PageHead {
        PageHead(
            name,
            section: .drift,
            crumbs: [("Drift", "/drift")],
            badges: [.badge(tone, verdict)],
            lede: [.joined([.text("watches"), .link(deployment, ConsolePath.of("deployments", deployment))])],
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
        return [
            "sentence": sentence,
            "stats": StatStrip(stats).markup(),
            "scores": charts,
            "featureNote": features.isEmpty ? "" : "\(moved) of \(features.count) moved",
            "features": figures,
            "settings": FactList(settings).markup(),
            "events": Feed(events).markup(orEmpty: EmptyState("The verdict has not changed yet.")),
        ]
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
