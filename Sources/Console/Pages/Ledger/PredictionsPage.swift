import HTTPSupport

/// What was predicted: the ledger of one deployment, searched and paged.
package struct PredictionsPage: PanelsPage {
    /// What is asked for, as the address says it.
    package struct Query: Sendable {
        /// The deployment.
        package var deployment: String
        /// The search in the ledger's grammar.
        package var filter: String
        /// How far back: `1h`, `24h`, `7d`, `30d`, or empty for everything.
        package var since: String
        /// `labelled`, `unlabelled`, `right`, `wrong`, or empty.
        package var labels: String
        /// One version; empty for all.
        package var version: String
        /// One arm; empty for all.
        package var arm: String

        /// Makes a query.
        package init(
            deployment: String = "",
            filter: String = "",
            since: String = "",
            labels: String = "",
            version: String = "",
            arm: String = ""
        ) {
            self.deployment = deployment
            self.filter = filter
            self.since = since
            self.labels = labels
            self.version = version
            self.arm = arm
        }

        /// What the address keeps; what is empty is left out.
        package var items: [(String, String)] {
            [
                ("deployment", deployment), ("filter", filter), ("since", since), ("labels", labels),
                ("version", version), ("arm", arm),
            ].filter { !$0.1.isEmpty }
        }
    }

    /// What is asked for.
    package var query: Query
    /// The deployments to choose from.
    package var deployments: [String]
    /// The rows, newest first.
    package var rows: [PredictionRow]
    /// How many there are in words, such as `newest 50`.
    package var note: String
    /// The address of the next page; nil on the last.
    package var next: String?
    /// Downloads of everything that the search finds: the name of the format and the address.
    package var exports: [(text: String, href: String)]
    /// What went wrong.
    package var notices: [Notice]
    /// An example of the grammar.
    package var example: String

    /// Makes the page.
    package init(
        query: Query = Query(),
        deployments: [String] = [],
        rows: [PredictionRow] = [],
        note: String = "",
        next: String? = nil,
        exports: [(text: String, href: String)] = [],
        notices: [Notice] = [],
        example: String = ""
    ) {
        self.query = query
        self.deployments = deployments
        self.rows = rows
        self.note = note
        self.next = next
        self.exports = exports
        self.notices = notices
        self.example = example
    }

    package var head: PageHead {
        var crumbs: [(text: String, href: String)] = []
        if !query.deployment.isEmpty { crumbs = [(query.deployment, DeploymentTabs.overview(query.deployment))] }
        return PageHead(
            "Ledger",
            section: .ledger,
            crumbs: crumbs,
            lede: [.text("Every prediction with its inputs, its version and what came of it.")],
            refresh: next == nil ? 5 : nil
        )
    }

    package var tabs: Markup {
        guard !query.deployment.isEmpty else { return Markup() }
        return DeploymentTabs.bar(query.deployment, current: DeploymentTabs.ledger(query.deployment))
    }

    package var top: Markup {
        let since = [("", "any time"), ("1h", "last hour"), ("24h", "last 24 hours"), ("7d", "last 7 days")]
        let labels = [
            ("", "with or without label"), ("labelled", "labelled"), ("unlabelled", "not labelled"),
            ("right", "right"), ("wrong", "wrong"),
        ]
        var search = SearchForm("/ledger", button: "Search")
        search.choice("deployment", "Deployment", deployments.map { ($0, $0) }, value: query.deployment)
        search.text("filter", "Filter", value: query.filter, example: example, isWide: true)
        search.choice("since", "When", since, value: query.since)
        search.choice("labels", "Labels", labels, value: query.labels)
        search.text("version", "Version", value: query.version, example: "3")
        search.text("arm", "Arm", value: query.arm, example: "candidate")
        return search.markup()
    }

    package var panels: [Panel] {
        let links = exports.map { Markup.link($0.text, $0.href) }
        let quiet = EmptyState(
            "No prediction is found.",
            command: "curl http://127.0.0.1:5000/v1/models/<deployment>:predict -d '{\"instances\": [[…]]}'"
        )
        let table = PredictionRow.table(rows, deployment: query.deployment)
        return [
            Panel(
                "Predictions",
                count: note,
                content: table.markup(orEmpty: quiet),
                form: links.isEmpty || rows.isEmpty ? Markup() : .joined([.quiet("Export what is found:")] + links)
            )
        ]
    }

    package var pager: (text: String, href: String)? { next.map { ("Older predictions", $0) } }
}
