/// One deployment: its traffic, its rollout with the evidence, what happened and what it answered.
package struct DeploymentPage: ConsolePage {
    package static let template = "deployment"

    /// Its name.
    package var name: String
    /// Its state's colour.
    package var tone: Tone
    /// Its state in words.
    package var state: String
    /// Facts below the heading.
    package var lede: [Markup]
    /// Buttons that are possible now.
    package var actions: [ActionButton]
    /// What an operator should know.
    package var notices: [Notice]
    /// The figures of the last minute.
    package var stats: [StatStrip.Stat]
    /// The rollout under way, or the last one; nil when there was none.
    package var rollout: RolloutView?
    /// Who answers and who listens; nil before the first version.
    package var traffic: TrafficView?
    /// Versions that are not tried again, each with the reason and, where one may, the button that allows it again.
    package var rejections: [(version: Int, reason: String)]
    /// How it is declared.
    package var declaration: [(label: String, value: Markup)]
    /// Traffic, latency and quality over the last minutes.
    package var charts: [(title: String, note: String, chart: LineChart)]
    /// What happened, newest first.
    package var events: [Feed.Entry]
    /// The newest lines of the ledger.
    package var predictions: [PredictionRow]

    /// Makes the page.
    package init(
        name: String,
        tone: Tone,
        state: String,
        lede: [Markup] = [],
        actions: [ActionButton] = [],
        notices: [Notice] = [],
        stats: [StatStrip.Stat] = [],
        rollout: RolloutView? = nil,
        traffic: TrafficView? = nil,
        rejections: [(version: Int, reason: String)] = [],
        declaration: [(label: String, value: Markup)] = [],
        charts: [(title: String, note: String, chart: LineChart)] = [],
        events: [Feed.Entry] = [],
        predictions: [PredictionRow] = []
    ) {
        self.name = name
        self.tone = tone
        self.state = state
        self.lede = lede
        self.actions = actions
        self.notices = notices
        self.stats = stats
        self.rollout = rollout
        self.traffic = traffic
        self.rejections = rejections
        self.declaration = declaration
        self.charts = charts
        self.events = events
        self.predictions = predictions
    }

    package var head: PageHead {
        PageHead(
            name,
            section: .deployments,
            crumbs: [("Deployments", "/deployments")],
            badges: [.badge(tone, state)],
            lede: lede,
            actions: actions,
            refresh: 1
        )
    }

    package var context: [String: Any] {
        let quiet = EmptyState("Nothing in the last minutes.")
        let example = "curl http://127.0.0.1:5000/v1/models/\(name):predict -d '{\"instances\": [[…]]}'"
        var context: [String: Any] = [
            "allEvents": ConsolePath.query("/events", [("subject", "deployments/\(name)")]),
            "ledger": DeploymentTabs.ledger(name),
            "notices": Notice.list(notices),
            "stats": StatStrip(stats).markup(),
            "charts": charts.map { chart -> [String: Any] in
                let drawn = chart.chart.markup()
                return [
                    "chartTitle": chart.title, "chartNote": chart.note, "chart": drawn.isNull ? quiet.markup() : drawn,
                ]
            },
            "tabs": DeploymentTabs.bar(name, current: DeploymentTabs.overview(name)),
            "events": Feed(events).markup(orEmpty: EmptyState("Nothing has happened yet.")),
            "predictions": PredictionRow.table(predictions, deployment: name)
                .markup(orEmpty: EmptyState("No predictions yet.", command: example)),
        ]
        if let rollout { context["rollout"] = rollout.context }
        if let traffic { context["traffic"] = traffic.markup() }
        if !declaration.isEmpty { context["declaration"] = FactList(declaration).markup() }
        if !rejections.isEmpty {
            context["rejections"] = rejected.markup()
            context["rejectionCount"] = NumberText.count(rejections.count)
        }
        return context
    }

    private var rejected: TableView {
        TableView(
            columns: [.init("Version"), .init("Why it was rejected", wraps: true), .init("", numeric: true)],
            rows: rejections.map { rejection in
                let button = ActionButton(
                    "Pardon",
                    path: ConsolePath.of("deployments", name, "pardon"),
                    question: "Allow version \(rejection.version) again? A move of the alias to it starts a rollout.",
                    values: [("version", String(rejection.version))]
                )
                return [.text("version \(rejection.version)"), .quiet(rejection.reason), button.markup()]
            }
        )
    }
}
