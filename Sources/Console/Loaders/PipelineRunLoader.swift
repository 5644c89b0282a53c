import Core
import Pipelines

/// Reads one run of a pipeline with its tasks and the end of their logs.
struct PipelineRunLoader: Sendable {
    let sources: ConsoleSources

    func page(_ id: String, _ query: ConsoleQuery) async throws -> PipelineRunPage {
        let now = sources.clock.now
        let run = try await sources.pipelines.run(id)
        let specs = try await declared(run.pipeline)
        let selected = query["task"]
        let row = PipelineLoader.row(run, now: now)
        var lede: [Markup] = [
            .joined([.text("started"), .time(TimeText(run.createdAt, now: now))]),
            .text(run.state.isFinal ? "took \(row.took)" : "\(row.took) so far"), .text("by \(row.cause)"),
        ]
        if let error = run.error { lede.append(.toned(error, .bad)) }
        var actions: [ActionButton] = []
        if !run.state.isFinal, !run.isCancelRequested {
            let path = ConsolePath.of("pipeline-runs", id, "cancel")
            let question = "Stop this run? Its running tasks are ended."
            actions.append(ActionButton("Cancel", path: path, style: .danger, question: question))
        }
        return PipelineRunPage(
            row: row,
            lede: lede,
            tasks: tasks(run, specs, now: now),
            selected: selected,
            log: try await log(run, selected),
            parameters: PipelineLoader.facts(run.parameters),
            actions: actions
        )
    }

    /// The tasks of the pipeline as it is declared now, by name; empty when it is not declared any more.
    private func declared(_ pipeline: String) async throws -> [String: TaskSpec] {
        do {
            let spec = try await sources.pipelines.pipeline(pipeline)
            return Dictionary(spec.tasks.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        } catch let error as MartletError where error.code == .notFound || error.code == .invalidArgument {
            return [:]
        }
    }

    private func tasks(_ run: PipelineRun, _ specs: [String: TaskSpec], now: Timestamp) -> [PipelineRunPage.Task] {
        let begin = run.startedAt ?? run.createdAt
        let period = max(0.001, ((run.finishedAt ?? now) - begin).inSeconds)
        return run.tasks.map { task in
            var view = PipelineRunPage.Task(
                name: task.task,
                needs: specs[task.task]?.needs ?? [],
                step: specs[task.task].map { PipelineLoader.words($0.action) } ?? "",
                tone: PipelineLoader.tone(task.state),
                state: task.state == .pending ? "waiting" : task.state.rawValue,
                attempts: task.state == .pending && task.attempt == 1 ? 0 : task.attempt,
                progress: task.fraction > 0 ? task.fraction : nil,
                message: task.error ?? task.message ?? ""
            )
            if let started = task.startedAt {
                let ended = task.finishedAt ?? now
                view.took = TimeText.took(ended - started)
                view.span = ((started - begin).inSeconds / period, (ended - begin).inSeconds / period)
            }
            return view
        }
    }

    /// The newest lines of one task, or of all tasks in the order in which they were written.
    private func log(_ run: PipelineRun, _ selected: String?) async throws -> [PipelineRunPage.Line] {
        let names = try selected.map { name in
            guard run.task(name) != nil else {
                throw MartletError(.notFound, "The run has no task '\(name.prefix(64))'.")
            }
            return [name]
        }
        var lines: [(at: Timestamp, position: Int64, line: PipelineRunPage.Line)] = []
        for task in names ?? run.tasks.filter({ $0.startedAt != nil }).map(\.task) {
            for line in try await tail(run.id, task) {
                let view = PipelineRunPage.Line(task: task, text: line.text, isError: line.stream == .error)
                lines.append((line.time, line.position, view))
            }
        }
        lines.sort { ($0.at, $0.position) < ($1.at, $1.position) }
        return lines.suffix(ConsoleLimits.logLines).map(\.line)
    }

    /// The end of a task's log: pages are read to the last one, of which the lines are kept.
    private func tail(_ run: String, _ task: String) async throws -> ArraySlice<LogLine> {
        var kept: [LogLine] = []
        while true {
            let page = try await sources.pipelines.logs(run: run, task: task, after: kept.last?.position ?? 0)
            kept += page
            if page.count < PipelinesLimits.logPage { return kept.suffix(ConsoleLimits.logLines) }
            kept = Array(kept.suffix(ConsoleLimits.logLines))
        }
    }
}
