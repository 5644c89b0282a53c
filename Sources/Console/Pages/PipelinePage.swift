/// One pipeline: its graph as declared and its runs.
package struct PipelinePage: ConsolePage {
    package static let template = "pipeline"

    /// Its name.
    package var name: String
    /// Facts below the heading.
    package var lede: [Markup]
    /// Its tasks.
    package var graph: [GraphDrawing.Node]
    /// Its parameters and their defaults.
    package var parameters: [(label: String, value: Markup)]
    /// Its runs, newest first.
    package var runs: [PipelineRunRow]
    /// Buttons that are possible now.
    package var actions: [ActionButton]

    /// Makes the page.
    package init(
        name: String,
        lede: [Markup] = [],
        graph: [GraphDrawing.Node],
        parameters: [(label: String, value: Markup)] = [],
        runs: [PipelineRunRow] = [],
        actions: [ActionButton] = []
    ) {
        self.name = name
        self.lede = lede
        self.graph = graph
        self.parameters = parameters
        self.runs = runs
        self.actions = actions
    }

    package var head: PageHead {
        PageHead(
            name,
            section: .pipelines,
            crumbs: [("Pipelines", "/pipelines")],
            lede: lede,
            actions: actions,
            refresh: 2
        )
    }

    package var context: [String: Any] {
        let drawn = GraphDrawing(tasks: graph, label: "Tasks of \(name) and what they need").markup()
        let tooLarge = EmptyState("This pipeline has more than \(ConsoleLimits.graphNodes) tasks; it is not drawn.")
        let runs = PipelineRunRow.table(runs, named: false)
            .markup(orEmpty: EmptyState("This pipeline has not run yet.", command: "martlet pipeline run \(name)"))
        var context: [String: Any] = [
            "graph": drawn.isNull ? tooLarge.markup() : drawn, "runs": runs, "taskCount": NumberText.count(graph.count),
        ]
        if !parameters.isEmpty { context["parameters"] = FactList(parameters).markup() }
        return context
    }
}
