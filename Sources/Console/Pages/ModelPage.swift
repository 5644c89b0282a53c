/// One registered model and its versions.
package struct ModelPage: ConsolePage {
    package static let template = "model"

    /// A version as the list shows it.
    package struct Row: Sendable {
        /// Its number.
        package var version: Int
        /// Aliases that name it.
        package var aliases: [String]
        /// Its metrics, of the run that made it.
        package var metrics: [String: Double]
        /// The run that made it: id and name.
        package var run: (id: String, name: String)?
        /// Where it serves and its share, such as `cancer 90%`.
        package var serves: [(deployment: String, share: String)]
        /// Its description; may be empty.
        package var description: String
        /// When it was registered.
        package var created: TimeText?

        /// Makes a row.
        package init(
            version: Int,
            aliases: [String] = [],
            metrics: [String: Double] = [:],
            run: (id: String, name: String)? = nil,
            serves: [(deployment: String, share: String)] = [],
            description: String = "",
            created: TimeText? = nil
        ) {
            self.version = version
            self.aliases = aliases
            self.metrics = metrics
            self.run = run
            self.serves = serves
            self.description = description
            self.created = created
        }
    }

    /// The model's name.
    package var name: String
    /// Its description; may be empty.
    package var description: String
    /// Facts below the heading.
    package var lede: [Markup]
    /// Its versions, newest first.
    package var rows: [Row]
    /// Its tags.
    package var tags: [(name: String, value: String)]

    /// Makes the page.
    package init(
        name: String,
        description: String = "",
        lede: [Markup] = [],
        rows: [Row] = [],
        tags: [(name: String, value: String)] = []
    ) {
        self.name = name
        self.description = description
        self.lede = lede
        self.rows = rows
        self.tags = tags
    }

    package var head: PageHead {
        var pieces = lede
        if !description.isEmpty { pieces.insert(.text(description), at: 0) }
        return PageHead(name, section: .models, crumbs: [("Models", "/models")], lede: pieces, refresh: 3)
    }

    package var context: [String: Any] {
        var context: [String: Any] = [
            "versions": versions.markup(
                orEmpty: EmptyState(
                    "No versions yet.",
                    command: "mlflow.register_model(\"runs:/<run id>/model\", \"\(name)\")"
                )
            ),
            "versionCount": NumberText.count(rows.count),
        ]
        if !tags.isEmpty {
            let facts = tags.map { (label: $0.name, value: Markup.text($0.value)) }
            context["tags"] = FactList(facts).markup()
        }
        return context
    }

    private var versions: TableView {
        let named = rows.flatMap { Array($0.metrics.keys) }
        let metrics = Array(Set(named)).sorted().prefix(6)
        var columns: [TableView.Column] = [.init("Version"), .init("Aliases"), .init("Serves in")]
        for (index, name) in metrics.enumerated() { columns.append(.init(name, numeric: true, edge: index == 0)) }
        columns += [.init("Run", edge: true), .init("Registered", numeric: true)]
        return TableView(
            columns: columns,
            rows: rows.map { row in
                var cells: [Markup] = [
                    .rowLink(
                        "Version \(row.version)",
                        ConsolePath.of("models", name, String(row.version)),
                        sub: row.description.isEmpty ? nil : row.description
                    ),
                    row.aliases.isEmpty ? .missing : .tags(row.aliases.map { .tag($0, alias: true) }),
                    serving(row),
                ]
                for metric in metrics {
                    cells.append(row.metrics[metric].map { .text(NumberText.value($0)) } ?? .missing)
                }
                cells.append(row.run.map { .link($0.name, ConsolePath.of("runs", $0.id)) } ?? .missing)
                cells.append(.time(row.created))
                return cells
            }
        )
    }

    private func serving(_ row: Row) -> Markup {
        guard !row.serves.isEmpty else { return .missing }
        return .joined(
            row.serves.map {
                .joined([.link($0.deployment, ConsolePath.of("deployments", $0.deployment)), .quiet($0.share)])
            },
            separator: ", "
        )
    }
}
