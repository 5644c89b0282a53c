/// One version of a model: what it expects, how good it is, where it comes from and where it serves.
package struct ModelVersionPage: ConsolePage {
    package static let template = "modelversion"

    /// The model's name.
    package var model: String
    /// The version's number.
    package var version: Int
    /// Aliases that name it.
    package var aliases: [String]
    /// Facts below the heading.
    package var lede: [Markup]
    /// Where it comes from and where it serves.
    package var lineage: [(label: String, value: Markup)]
    /// Its metrics.
    package var metrics: [(name: String, value: Double)]
    /// What it expects: name and type of each input.
    package var inputs: [(name: String, type: String, required: Bool)]
    /// What it answers.
    package var outputs: [(name: String, type: String, required: Bool)]
    /// Its files.
    package var files: [RunPage.Artifact]
    /// The pictures of the run that made it.
    package var pictures: [RunPage.Artifact]
    /// Its tags.
    package var tags: [(name: String, value: String)]

    /// Makes the page.
    package init(
        model: String,
        version: Int,
        aliases: [String] = [],
        lede: [Markup] = [],
        lineage: [(label: String, value: Markup)] = [],
        metrics: [(name: String, value: Double)] = [],
        inputs: [(name: String, type: String, required: Bool)] = [],
        outputs: [(name: String, type: String, required: Bool)] = [],
        files: [RunPage.Artifact] = [],
        pictures: [RunPage.Artifact] = [],
        tags: [(name: String, value: String)] = []
    ) {
        self.model = model
        self.version = version
        self.aliases = aliases
        self.lede = lede
        self.lineage = lineage
        self.metrics = metrics
        self.inputs = inputs
        self.outputs = outputs
        self.files = files
        self.pictures = pictures
        self.tags = tags
    }

    package var head: PageHead {
        PageHead(
            "\(model) version \(version)",
            section: .models,
            crumbs: [("Models", "/models"), (model, ConsolePath.of("models", model))],
            badges: aliases.map { .tag($0, alias: true) },
            lede: lede,
            refresh: 5
        )
    }

    package var context: [String: Any] {
        let metricTable = TableView(
            columns: [.init("Metric"), .init("Value", numeric: true)],
            rows: metrics.map { [.text($0.name), .text(NumberText.value($0.value))] }
        )
        let fileTable = TableView(
            columns: [.init("File"), .init("Size", numeric: true)],
            rows: files.map { file in
                let name = file.isDirectory ? file.path + "/" : file.path
                return [.link(name, file.href), file.size.map { .quiet(NumberText.bytes($0)) } ?? .missing]
            }
        )
        let signature = EmptyState("This version has no signature. Log it with one, so that inputs are checked.")
        var context: [String: Any] = [
            "lineage": FactList(lineage).markup(),
            "metrics": metricTable.markup(orEmpty: EmptyState("No metrics are known for this version.")),
            "inputs": fields(inputs).markup(orEmpty: signature),
            "inputCount": NumberText.count(inputs.count),
            "pictures": PictureGrid(pictures).markup(),
            "files": fileTable.markup(orEmpty: EmptyState("No files are known for this version.")),
        ]
        if !outputs.isEmpty { context["outputs"] = fields(outputs).markup() }
        if !tags.isEmpty {
            context["tags"] = FactList(tags.map { (label: $0.name, value: Markup.text($0.value)) }).markup()
        }
        return context
    }

    private func fields(_ fields: [(name: String, type: String, required: Bool)]) -> TableView {
        TableView(
            columns: [.init("Name"), .init("Type"), .init("", numeric: true)],
            rows: fields.map { [.text($0.name), .code($0.type), $0.required ? Markup() : .quiet("optional")] }
        )
    }
}
