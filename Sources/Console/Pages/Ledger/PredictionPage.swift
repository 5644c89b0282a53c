import HTTPSupport

/// One prediction: what was asked, what was answered and by whom, and what came of it.
package struct PredictionPage: PanelsPage {
    /// What another version would have answered.
    package struct Shadow: Sendable {
        /// The version.
        package var version: String
        /// Its answer.
        package var output: String
        /// The number behind its answer; nil without one.
        package var score: Double?
        /// Whether it gave the same answer.
        package var agrees: Bool

        /// Makes an answer.
        package init(version: String, output: String, score: Double? = nil, agrees: Bool) {
            self.version = version
            self.output = output
            self.score = score
            self.agrees = agrees
        }
    }

    /// A label that came.
    package struct Label: Sendable {
        /// What it says.
        package var text: String
        /// When it was observed.
        package var observed: TimeText
        /// When it came here; nil when that is not kept.
        package var received: TimeText?
        /// Whether it is the one that counts.
        package var counts: Bool

        /// Makes a label.
        package init(text: String, observed: TimeText, received: TimeText? = nil, counts: Bool) {
            self.text = text
            self.observed = observed
            self.received = received
            self.counts = counts
        }
    }

    /// The deployment.
    package var deployment: String
    /// The request's id.
    package var id: String
    /// Facts: answer, version, arm, entity, latency.
    package var facts: [(label: String, value: Markup)]
    /// The columns with their values, as text.
    package var inputs: [(name: String, value: String)]
    /// What is said about the inputs when they are not complete; empty otherwise.
    package var inputNote: String
    /// What other versions would have answered.
    package var shadows: [Shadow]
    /// Every label that came, the newest first.
    package var labels: [Label]
    /// The answers that are possible, for the form; empty for free text.
    package var classes: [String]
    /// What went wrong.
    package var notices: [Notice]

    /// Makes the page.
    package init(
        deployment: String,
        id: String,
        facts: [(label: String, value: Markup)] = [],
        inputs: [(name: String, value: String)] = [],
        inputNote: String = "",
        shadows: [Shadow] = [],
        labels: [Label] = [],
        classes: [String] = [],
        notices: [Notice] = []
    ) {
        self.deployment = deployment
        self.id = id
        self.facts = facts
        self.inputs = inputs
        self.inputNote = inputNote
        self.shadows = shadows
        self.labels = labels
        self.classes = classes
        self.notices = notices
    }

    package var head: PageHead {
        PageHead(
            "Prediction",
            section: .ledger,
            crumbs: [(deployment, DeploymentTabs.overview(deployment)), ("Ledger", DeploymentTabs.ledger(deployment))],
            lede: [.code(id)]
        )
    }

    package var panels: [Panel] {
        var panels = [Panel("Answer", form: FactList(facts).markup())]
        if !shadows.isEmpty { panels.append(Panel("In the shadow", note: "on the same inputs", content: shadowTable)) }
        panels.append(
            Panel(
                "Labels",
                note: "the newest by the time it was observed counts",
                content: labelTable.markup(orEmpty: EmptyState("No label has come yet.")),
                form: labelForm.markup()
            )
        )
        let quiet = EmptyState("The inputs of this prediction are not kept.")
        panels.append(
            Panel(
                "Inputs",
                count: inputs.isEmpty ? "" : NumberText.count(inputs.count),
                note: inputNote,
                content: TableView(
                    columns: [.init("Column"), .init("Value", numeric: true)],
                    rows: inputs.map { [.text($0.name), .text($0.value)] }
                ).markup(orEmpty: quiet)
            )
        )
        return panels
    }

    private var shadowTable: Markup {
        TableView(
            columns: [.init("Version"), .init("Answer"), .init("Score", numeric: true), .init("Agrees")],
            rows: shadows.map { shadow in
                [
                    .text(shadow.version), .text(shadow.output),
                    shadow.score.map { .quiet(NumberText.fixed($0, 4)) } ?? .missing,
                    .toned(shadow.agrees ? "yes" : "no", shadow.agrees ? .good : .warn),
                ]
            }
        ).markup()
    }

    private var labelTable: TableView {
        TableView(
            columns: [.init("Label"), .init(""), .init("Observed", numeric: true), .init("Came", numeric: true)],
            rows: labels.map { label in
                [
                    .text(label.text), label.counts ? .badge(.good, "counts") : .quiet("replaced"),
                    .time(label.observed), .time(label.received),
                ]
            }
        )
    }

    private var labelForm: FormView {
        let kind: FormView.Field.Kind = classes.isEmpty ? .text : .choice(classes.map { ($0, $0) })
        return FormView(
            "/ledger/label",
            fields: [.init("label", labels.isEmpty ? "What was right" : "Correct the label", kind)],
            button: "Save label",
            permission: .write,
            hidden: [("deployment", deployment), ("id", id)]
        )
    }
}
