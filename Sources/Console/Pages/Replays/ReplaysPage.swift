import HTTPSupport

/// Candidates that were asked again what a deployment was asked.
package struct ReplaysPage: PanelsPage {
    /// A replay as lists show it.
    package struct Row: Sendable {
        /// Its id.
        package var id: String
        /// The candidate, such as `models:/cancer/7`.
        package var candidate: String
        /// The deployment whose ledger was read.
        package var deployment: String
        /// Its state's colour.
        package var tone: Tone
        /// Its state or verdict in words.
        package var state: String
        /// Rows that were read.
        package var rows: Int
        /// The finding in a sentence.
        package var finding: String
        /// Who asked.
        package var by: String
        /// When.
        package var asked: TimeText

        /// Makes a row.
        package init(
            id: String,
            candidate: String,
            deployment: String,
            tone: Tone,
            state: String,
            rows: Int = 0,
            finding: String = "",
            by: String = "",
            asked: TimeText
        ) {
            self.id = id
            self.candidate = candidate
            self.deployment = deployment
            self.tone = tone
            self.state = state
            self.rows = rows
            self.finding = finding
            self.by = by
            self.asked = asked
        }
    }

    /// The replays, newest first.
    package var rows: [Row]
    /// Only those of this deployment; nil for all.
    package var deployment: String?
    /// The deployments to choose from.
    package var deployments: [String]
    /// What the form holds.
    package var values: [String: String]
    /// The address of the next page; nil on the last.
    package var next: String?
    /// What went wrong.
    package var notices: [Notice]

    /// Makes the page.
    package init(
        rows: [Row],
        deployment: String? = nil,
        deployments: [String] = [],
        values: [String: String] = [:],
        next: String? = nil,
        notices: [Notice] = []
    ) {
        self.rows = rows
        self.deployment = deployment
        self.deployments = deployments
        self.values = values
        self.next = next
        self.notices = notices
    }

    package var head: PageHead {
        var crumbs: [(text: String, href: String)] = [("Deployments", "/deployments")]
        if let deployment { crumbs.append((deployment, DeploymentTabs.overview(deployment))) }
        return PageHead(
            "Replays",
            section: .deployments,
            crumbs: crumbs,
            lede: [.text("A candidate is asked again what the deployment was asked, and its answers are compared.")],
            refresh: rows.contains { $0.tone == .live } ? 1 : 5
        )
    }

    package var tabs: Markup {
        deployment.map { DeploymentTabs.bar($0, current: DeploymentTabs.replays($0)) } ?? Markup()
    }

    package var panels: [Panel] {
        let table = TableView(
            columns: [
                .init("Candidate"), .init("State"), .init("Rows", numeric: true), .init("Found", wraps: true),
                .init("Asked by"), .init("When", numeric: true),
            ],
            rows: rows.map { row in
                [
                    .rowLink(row.candidate, ConsolePath.of("replays", row.id), sub: row.deployment),
                    .badge(row.tone, row.state), .text(NumberText.count(row.rows)), .quiet(row.finding),
                    row.by.isEmpty ? .missing : .text(row.by), .time(row.asked),
                ]
            }
        )
        let name = deployment ?? "<deployment>"
        let quiet = EmptyState(
            "No candidate has been replayed yet.",
            command: "martlet replay --deployment \(name) --candidate models:/<model>/<version> --since 24h"
        )
        return [Panel("Replays", content: table.markup(orEmpty: quiet), form: form.markup())]
    }

    private var form: FormView {
        func value(_ name: String, _ standard: String = "") -> [String] { [values[name] ?? standard] }
        var fields: [FormView.Field] = []
        if deployment == nil {
            fields.append(
                .init("deployment", "Deployment", .choice(deployments.map { ($0, $0) }), values: value("deployment"))
            )
        }
        fields += [
            .init("candidate", "Candidate", values: value("candidate"), example: "models:/cancer/7"),
            .init("since", "How far back", values: value("since", "24h"), example: "24h"),
            .init("limit", "Rows at most", values: value("limit"), example: "10000", isOptional: true),
        ]
        return FormView(
            "/replays",
            fields: fields,
            button: "Replay",
            permission: .operate,
            hidden: deployment.map { [("deployment", $0)] } ?? []
        )
    }

    package var pager: (text: String, href: String)? { next.map { ("Older replays", $0) } }
}
