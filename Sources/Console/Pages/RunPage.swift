/// One run: what went in, what came out, and the files it left.
package struct RunPage: ConsolePage {
    package static let template = "run"

    /// A file or folder among the artifacts.
    package struct Artifact: Sendable {
        /// Its path within the run.
        package var path: String
        /// Whether it is a folder.
        package var isDirectory: Bool
        /// Its size; nil for folders.
        package var size: Int64?
        /// Where it is served, or the page that lists the folder.
        package var href: String

        /// Makes an artifact.
        package init(path: String, isDirectory: Bool, size: Int64? = nil, href: String) {
            self.path = path
            self.isDirectory = isDirectory
            self.size = size
            self.href = href
        }

    }

    /// The run.
    package var row: RunRow
    /// The experiment: id and name.
    package var experiment: (id: String, name: String)
    /// Facts below the heading.
    package var lede: [Markup]
    /// Its parameters in order.
    package var parameters: [(name: String, value: String)]
    /// The last value of each metric in order, with its step.
    package var metrics: [(name: String, value: Double, step: Int64)]
    /// Metrics that were logged more than once.
    package var charts: [LineChart]
    /// Its tags.
    package var tags: [(name: String, value: String)]
    /// The folder that is listed; empty for the root.
    package var folder: String
    /// Its artifacts in that folder.
    package var artifacts: [Artifact]
    /// The pictures in that folder and below.
    package var pictures: [Artifact]
    /// Runs that name it as their parent.
    package var children: [RunRow]

    /// Makes the page.
    package init(
        row: RunRow,
        experiment: (id: String, name: String),
        lede: [Markup] = [],
        parameters: [(name: String, value: String)] = [],
        metrics: [(name: String, value: Double, step: Int64)] = [],
        charts: [LineChart] = [],
        tags: [(name: String, value: String)] = [],
        folder: String = "",
        artifacts: [Artifact] = [],
        pictures: [Artifact] = [],
        children: [RunRow] = []
    ) {
        self.row = row
        self.experiment = experiment
        self.lede = lede
        self.parameters = parameters
        self.metrics = metrics
        self.charts = charts
        self.tags = tags
        self.folder = folder
        self.artifacts = artifacts
        self.pictures = pictures
        self.children = children
    }

    package var head: PageHead {
        PageHead(
            row.name,
            section: .experiments,
            crumbs: [
                ("Experiments", "/experiments"), (experiment.name, ConsolePath.of("experiments", experiment.id)),
            ],
            badges: [.badge(row.tone, row.status)],
            lede: lede,
            refresh: row.tone == .live ? 2 : nil
        )
    }

    package var context: [String: Any] {
        let drawn = charts.prefix(ConsoleLimits.chartsPerRun).map { chart -> [String: Any] in
            ["chartTitle": chart.label, "chart": chart.markup()]
        }
        var context: [String: Any] = [
            "parameters": pairs("Parameter", parameters).markup(orEmpty: EmptyState("No parameters were logged.")),
            "parameterCount": NumberText.count(parameters.count),
            "metrics": metricTable.markup(orEmpty: EmptyState("No metrics were logged.")),
            "metricCount": NumberText.count(metrics.count),
            "charts": drawn,
            "hasCharts": !drawn.isEmpty,
            "pictures": PictureGrid(pictures).markup(),
            "artifacts": artifactTable.markup(orEmpty: EmptyState("No files were logged.")),
            "folder": folder.isEmpty ? "" : "/" + folder,
        ]
        if !tags.isEmpty { context["tags"] = pairs("Tag", tags).markup() }
        if !children.isEmpty {
            context["children"] = RunTable(
                rows: children,
                address: { key, falls in
                    ConsolePath.query(
                        ConsolePath.of("experiments", experiment.id),
                        [("order_by", key + (falls ? " DESC" : " ASC"))]
                    )
                }
            ).view().markup()
            context["childCount"] = NumberText.count(children.count)
        }
        return context
    }

    private func pairs(_ title: String, _ pairs: [(name: String, value: String)]) -> TableView {
        TableView(
            columns: [.init(title), .init("Value", wraps: true)],
            rows: pairs.map { [.text($0.name), .code($0.value)] }
        )
    }

    private var metricTable: TableView {
        TableView(
            columns: [.init("Metric"), .init("Last value", numeric: true), .init("Step", numeric: true)],
            rows: metrics.map {
                [.text($0.name), .text(NumberText.value($0.value)), .quiet(NumberText.count($0.step))]
            }
        )
    }

    private var artifactTable: TableView {
        TableView(
            columns: [.init("File"), .init("Size", numeric: true)],
            rows: artifacts.map { file in
                let name = file.isDirectory ? file.path + "/" : file.path
                return [.link(name, file.href), file.size.map { .quiet(NumberText.bytes($0)) } ?? .missing]
            }
        )
    }
}
