/// One experiment: a search with MLflow's filter grammar and the runs it finds.
package struct ExperimentPage: ConsolePage {
    package static let template = "experiment"

    /// Its id.
    package var id: String
    /// Its name.
    package var name: String
    /// Facts below the heading.
    package var lede: [Markup]
    /// The filter as it was typed.
    package var filter: String
    /// Why the filter could not be read; nil when it could.
    package var problem: String?
    /// The runs found.
    package var table: RunTable
    /// The address of the next page; nil on the last.
    package var next: String?
    /// One metric over the runs in the order they ran, with the best so far.
    package var progress: (metric: String, chart: LineChart)?

    /// Makes the page.
    package init(
        id: String,
        name: String,
        lede: [Markup] = [],
        filter: String = "",
        problem: String? = nil,
        table: RunTable,
        next: String? = nil,
        progress: (metric: String, chart: LineChart)? = nil
    ) {
        self.id = id
        self.name = name
        self.lede = lede
        self.filter = filter
        self.problem = problem
        self.table = table
        self.next = next
        self.progress = progress
    }

    package var head: PageHead {
        PageHead(
            name,
            section: .experiments,
            crumbs: [("Experiments", "/experiments")],
            lede: lede,
            refresh: 5
        )
    }

    package var context: [String: Any] {
        let empty = filter.isEmpty ? EmptyState.runs(experiment: name) : EmptyState("No run matches this filter.")
        var context: [String: Any] = [
            "action": ConsolePath.of("experiments", id),
            "filter": filter,
            "problem": problem.map { Notice.list([Notice(.bad, $0)]) } ?? Markup(),
            "runs": table.view().markup(orEmpty: empty),
            "runCount": NumberText.count(table.rows.count) + (next == nil ? "" : "+"),
        ]
        if let next { context["next"] = next }
        if let progress {
            let chart = progress.chart.markup()
            if !chart.isNull { context["progress"] = ["metric": progress.metric, "chart": chart] as [String: Any] }
        }
        return context
    }
}

extension EmptyState {
    /// An experiment without runs.
    static func runs(experiment: String) -> EmptyState {
        EmptyState(
            "No runs in this experiment yet.",
            command: "mlflow.set_experiment(\"\(experiment)\"); mlflow.start_run()"
        )
    }
}
