/// All monitors with their verdicts.
package struct MonitorsPage: ConsolePage {
    package static let template = "list"

    /// A monitor as the list shows it.
    package struct Row: Sendable {
        /// Its name.
        package var name: String
        /// The deployment it watches.
        package var deployment: String
        /// Its verdict's colour.
        package var tone: Tone
        /// Its verdict in words.
        package var verdict: String
        /// The distance over time, drawn small: oldest first.
        package var history: [Double]
        /// The p-value beside the drawing.
        package var score: String
        /// Features that moved, of all.
        package var features: String
        /// When it last looked.
        package var evaluated: TimeText?

        /// Makes a row.
        package init(
            name: String,
            deployment: String,
            tone: Tone,
            verdict: String,
            history: [Double] = [],
            score: String = "",
            features: String = "",
            evaluated: TimeText? = nil
        ) {
            self.name = name
            self.deployment = deployment
            self.tone = tone
            self.verdict = verdict
            self.history = history
            self.score = score
            self.features = features
            self.evaluated = evaluated
        }
    }

    /// The monitors.
    package var rows: [Row]

    /// Makes the page.
    package init(rows: [Row]) {
        self.rows = rows
    }

    package var head: PageHead {
        PageHead(
            "Drift",
            section: .drift,
            lede: [.text("Monitors compare what a deployment is asked now with what its model was trained on.")],
            refresh: 2
        )
    }

    package var context: [String: Any] {
        let table = TableView(
            columns: [
                .init("Monitor"), .init("Verdict"), .init("Deployment"), .init("p-value", numeric: true),
                .init("Features moved", numeric: true), .init("Looked", numeric: true),
            ],
            rows: rows.map { row in
                var score = Markup(trusted: "<span class=\"with-spark\">")
                score.append(Sparkline(row.history, label: "Distance over time").markup())
                score.text(row.score.isEmpty ? NumberText.missing : row.score)
                score.raw("</span>")
                return [
                    .rowLink(row.name, ConsolePath.of("drift", row.name)), .badge(row.tone, row.verdict),
                    .link(row.deployment, ConsolePath.of("deployments", row.deployment)), score,
                    row.features.isEmpty ? .missing : .text(row.features), .time(row.evaluated),
                ]
            }
        )
        return ["list": table.markup(orEmpty: .monitors)]
    }
}
