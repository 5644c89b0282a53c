/// One run of a pipeline: the graph with states, each task's time, and the logs as they come.
package struct PipelineRunPage: ConsolePage {
    package static let template = "pipelinerun"

    /// A task of the run.
    package struct Task: Sendable {
        /// Its name.
        package var name: String
        /// The tasks it needs.
        package var needs: [String]
        /// What it does: the built-in step's name or the command.
        package var step: String
        /// Its state's colour.
        package var tone: Tone
        /// Its state in words.
        package var state: String
        /// How often it was tried.
        package var attempts: Int
        /// How long it took, or has taken so far; empty before it starts.
        package var took: String
        /// When it ran, as shares of the run's time; nil before it starts.
        package var span: (start: Double, end: Double)?
        /// How far it says it is, 0 to 1; nil when it does not say.
        package var progress: Double?
        /// Its last progress message, or why it failed.
        package var message: String

        /// Makes a task.
        package init(
            name: String,
            needs: [String],
            step: String,
            tone: Tone,
            state: String,
            attempts: Int = 0,
            took: String = "",
            span: (start: Double, end: Double)? = nil,
            progress: Double? = nil,
            message: String = ""
        ) {
            self.name = name
            self.needs = needs
            self.step = step
            self.tone = tone
            self.state = state
            self.attempts = attempts
            self.took = took
            self.span = span
            self.progress = progress
            self.message = message
        }
    }

    /// A line of a log.
    package struct Line: Sendable {
        /// The task that wrote it.
        package var task: String
        /// The text.
        package var text: String
        /// Whether it came from standard error.
        package var isError: Bool

        /// Makes a line.
        package init(task: String, text: String, isError: Bool) {
            self.task = task
            self.text = text
            self.isError = isError
        }
    }

    /// The run.
    package var row: PipelineRunRow
    /// Facts below the heading.
    package var lede: [Markup]
    /// Its tasks in the order of the file.
    package var tasks: [Task]
    /// The task whose logs are shown; nil for all.
    package var selected: String?
    /// Log lines, oldest first.
    package var log: [Line]
    /// Its parameters.
    package var parameters: [(label: String, value: Markup)]
    /// Buttons that are possible now.
    package var actions: [ActionButton]

    /// Makes the page.
    package init(
        row: PipelineRunRow,
        lede: [Markup] = [],
        tasks: [Task],
        selected: String? = nil,
        log: [Line] = [],
        parameters: [(label: String, value: Markup)] = [],
        actions: [ActionButton] = []
    ) {
        self.row = row
        self.lede = lede
        self.tasks = tasks
        self.selected = selected
        self.log = log
        self.parameters = parameters
        self.actions = actions
    }

    package var head: PageHead {
        PageHead(
            "Run \(row.id.prefix(8))",
            section: .pipelines,
            crumbs: [("Pipelines", "/pipelines"), (row.pipeline, ConsolePath.of("pipelines", row.pipeline))],
            badges: [.badge(row.tone, row.state)],
            lede: lede,
            actions: actions,
            refresh: row.tone == .live ? 1 : 5
        )
    }

    package var context: [String: Any] {
        let nodes = tasks.map { task in
            GraphDrawing.Node(
                name: task.name,
                needs: task.needs,
                note: task.took.isEmpty ? task.state : "\(task.state) · \(task.took)",
                tone: task.tone,
                href: address(task.name),
                selected: task.name == selected
            )
        }
        var context: [String: Any] = [
            "graph": GraphDrawing(tasks: nodes, label: "Tasks of the run and their states").markup(),
            "tasks": table.markup(orEmpty: EmptyState("This run has no tasks.")),
            "taskCount": NumberText.count(tasks.count),
            "log": lines,
            "logOf": selected ?? "all tasks",
        ]
        if selected != nil { context["allLogs"] = row.href }
        if !parameters.isEmpty { context["parameters"] = FactList(parameters).markup() }
        return context
    }

    private func address(_ task: String) -> String {
        ConsolePath.query(row.href, [("task", task)])
    }

    private var table: TableView {
        TableView(
            columns: [
                .init("Task"), .init("State"), .init("When"), .init("Took", numeric: true),
                .init("Tries", numeric: true), .init("", wraps: true),
            ],
            rows: tasks.map { task in
                var bar = Markup.missing
                if let span = task.span {
                    let label = "\(task.name) ran for \(task.took)"
                    bar = SpanBar(start: span.start, end: span.end, tone: task.tone, label: label).markup()
                }
                var note = Markup()
                if let progress = task.progress, task.tone == .live {
                    note = Meter(progress, label: NumberText.percent(progress)).markup()
                }
                return [
                    .rowLink(task.name, address(task.name), sub: task.step), .badge(task.tone, task.state), bar,
                    task.took.isEmpty ? .missing : .text(task.took),
                    task.attempts > 1 ? .toned(String(task.attempts), .warn) : .quiet(String(task.attempts)),
                    .joined([note, task.tone == .bad ? .toned(task.message, .bad) : .quiet(task.message)]),
                ]
            }
        )
    }

    private var lines: Markup {
        var html = Markup()
        let width = log.map(\.task.count).max() ?? 0
        for line in log.suffix(ConsoleLimits.logLines) {
            if line.isError { html.raw("<span class=\"err\">") }
            if selected == nil {
                html.raw("<span class=\"task\">")
                html.text(line.task)
                html.raw(String(repeating: " ", count: max(0, width - line.task.count)) + "</span>  ")
            }
            html.text(line.text)
            html.raw(line.isError ? "</span>\n" : "\n")
        }
        return html
    }
}
