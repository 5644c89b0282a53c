import HTTPSupport

/// The form that declares a deployment or changes one: the basics as fields, and everything as text.
package struct DeclarePage: PanelsPage {
    /// The deployment; nil for a new one.
    package var deployment: String?
    /// What the fields hold, by name.
    package var values: [String: String]
    /// What is wrong, by the name of the field.
    package var problems: [String: String]
    /// The whole entry as text.
    package var entry: String
    /// What is wrong with the entry; empty when nothing is.
    package var entryProblem: String
    /// What went wrong otherwise.
    package var notices: [Notice]
    /// The names of the registered models.
    package var models: [String]

    /// Makes the page.
    package init(
        deployment: String? = nil,
        values: [String: String] = [:],
        problems: [String: String] = [:],
        entry: String = "",
        entryProblem: String = "",
        notices: [Notice] = [],
        models: [String] = []
    ) {
        self.deployment = deployment
        self.values = values
        self.problems = problems
        self.entry = entry
        self.entryProblem = entryProblem
        self.notices = notices
        self.models = models
    }

    package var head: PageHead {
        guard let deployment else {
            return PageHead("New deployment", section: .deployments, crumbs: [("Deployments", "/deployments")])
        }
        let crumbs = [("Deployments", "/deployments"), (deployment, DeploymentTabs.overview(deployment))]
        return PageHead("Declaration", section: .deployments, crumbs: crumbs)
    }

    package var tabs: Markup {
        deployment.map { DeploymentTabs.bar($0, current: DeploymentTabs.declaration($0)) } ?? Markup()
    }

    package var panels: [Panel] {
        [
            Panel(
                "The basics",
                note: deployment == nil ? "" : "what is not here stays as it is declared",
                form: form(fields, kind: "fields").markup()
            ),
            Panel(
                "The whole entry",
                note: "as under deployments: in martlet.yaml, as YAML or JSON",
                form: form(nameField + [text], kind: "entry").markup()
            ),
        ]
    }

    private func form(_ fields: [FormView.Field], kind: String) -> FormView {
        var hidden = [(name: "kind", value: kind)]
        if let deployment { hidden.append(("name", deployment)) }
        return FormView(
            "/declare/review",
            fields: fields,
            button: "Review the change",
            permission: .operate,
            hidden: hidden
        )
    }

    private var nameField: [FormView.Field] {
        guard deployment == nil else { return [] }
        return [field("name", "Name", example: "cancer", note: "lower-case letters, digits and hyphens")]
    }

    private var text: FormView.Field {
        FormView.Field(
            "entry",
            "Entry",
            .area(lines: min(32, max(10, entry.split(separator: "\n").count + 1))),
            values: [entry],
            note: "It replaces the whole declaration of this deployment.",
            problem: entryProblem
        )
    }

    private func field(
        _ name: String,
        _ label: String,
        _ kind: FormView.Field.Kind = .text,
        example: String = "",
        isOptional: Bool = false,
        note: String = "",
        group: String = ""
    ) -> FormView.Field {
        FormView.Field(
            name,
            label,
            kind,
            values: values[name].map { [$0] } ?? [],
            example: example,
            isOptional: isOptional,
            note: note,
            problem: problems[name] ?? "",
            group: group
        )
    }

    private var fields: [FormView.Field] {
        nameField + [
            field("model", "Model", example: models.first ?? "cancer", group: "What is served"),
            field("follows", "Alias or version", example: "production", note: "an alias, or a number for one version"),
            field(
                "monitors",
                "Monitors",
                example: "cancer-drift",
                isOptional: true,
                note: "names, with commas between"
            ),
            field(
                "strategy",
                "Strategy",
                .choice([
                    ("canary", "canary"), ("shadow", "shadow first"), ("blue_green", "blue/green"), ("ab", "A/B"),
                    ("all_at_once", "all at once"),
                ]),
                group: "How a new version comes"
            ),
            field("steps", "Steps in percent", example: "10, 50, 100", isOptional: true),
            field("bake", "Bakes at each step", example: "60s", isOptional: true),
            field("minimum_samples", "Requests at each step", example: "100", isOptional: true),
            field("timeout", "Longest time at a step", example: "1h", isOptional: true),
            field("rollback_window", "Watched after promotion", example: "1h", isOptional: true),
            field("error_rate", "Errors at most", example: "0.01", isOptional: true, group: "What it must pass"),
            field("latency", "Latency ratio at most", example: "1.5", isOptional: true),
            field("disagreement", "Disagreement at most", example: "0.2", isOptional: true),
            field("quality", "Quality may drop by", example: "0.05", isOptional: true),
            field(
                "replicas_min",
                "Least replicas",
                example: "1",
                isOptional: true,
                note: "0 unloads it when idle",
                group: "How it runs"
            ),
            field("replicas_max", "Most replicas", example: "4", isOptional: true),
        ]
    }
}
