/// How good the predictions of a deployment were, by version and hour, as far as labels came.
package struct HourlyQualityPage: PanelsPage {
    /// One version over the whole period, or in one hour.
    package struct Row: Sendable {
        /// The version and, where it matters, the arm.
        package var name: String
        /// The hour; nil for the whole period.
        package var hour: String?
        /// Predictions.
        package var predictions: Int64
        /// Of those, labelled.
        package var labelled: Int64
        /// The figure, such as `97.2%`; empty without labels.
        package var quality: String
        /// The mean latency in seconds; nil when it is not known.
        package var latency: Double?

        /// Makes a row.
        package init(
            name: String,
            hour: String? = nil,
            predictions: Int64,
            labelled: Int64,
            quality: String,
            latency: Double? = nil
        ) {
            self.name = name
            self.hour = hour
            self.predictions = predictions
            self.labelled = labelled
            self.quality = quality
            self.latency = latency
        }
    }

    /// The deployment.
    package var deployment: String
    /// What is measured, such as `Accuracy`.
    package var measure: String
    /// The curves by version.
    package var chart: LineChart
    /// Each version over the whole period.
    package var versions: [Row]
    /// Each version in each hour, the newest first.
    package var hours: [Row]
    /// The period in words.
    package var note: String

    /// Makes the page.
    package init(
        deployment: String,
        measure: String = "Accuracy",
        chart: LineChart,
        versions: [Row] = [],
        hours: [Row] = [],
        note: String = ""
    ) {
        self.deployment = deployment
        self.measure = measure
        self.chart = chart
        self.versions = versions
        self.hours = hours
        self.note = note
    }

    package var head: PageHead {
        PageHead(
            "Quality by hour",
            section: .ledger,
            crumbs: [(deployment, DeploymentTabs.overview(deployment)), ("Ledger", DeploymentTabs.ledger(deployment))],
            lede: [.text("Right after any order in which labels arrive: a prediction counts in the hour it was made.")],
            refresh: 5
        )
    }

    package var tabs: Markup { DeploymentTabs.bar(deployment, current: DeploymentTabs.quality(deployment)) }

    package var panels: [Panel] {
        let drawn = chart.markup()
        let quiet = EmptyState(
            "No labels have come in this time.",
            command: "curl http://127.0.0.1:5000/feedback -d '{\"request_id\": \"…\", \"label\": \"…\"}'"
        )
        return [
            Panel(measure, note: note, form: drawn.isNull ? quiet.markup() : drawn),
            Panel("Versions", note: note, content: table(versions, hours: false).markup(orEmpty: .predictions)),
            Panel("Hours", content: table(hours, hours: true).markup(orEmpty: .predictions)),
        ]
    }

    private func table(_ rows: [Row], hours: Bool) -> TableView {
        let columns: [TableView.Column] = [
            .init("Version"), .init("Predictions", numeric: true), .init("Labelled", numeric: true),
            .init(measure, numeric: true), .init("Mean latency", numeric: true),
        ]
        return TableView(
            columns: (hours ? [.init("Hour (UTC)")] : []) + columns,
            rows: rows.map { row in
                let cells: [Markup] = [
                    .text(row.name), .text(NumberText.count(row.predictions)), .text(NumberText.count(row.labelled)),
                    row.quality.isEmpty ? .missing : .text(row.quality),
                    row.latency.map { .text(NumberText.latency(seconds: $0)) } ?? .missing,
                ]
                return (hours ? [.text(row.hour ?? "")] : []) + cells
            }
        )
    }
}
