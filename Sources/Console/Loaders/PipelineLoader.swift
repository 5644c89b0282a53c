import Core
import HTTPSupport
import Pipelines

/// Reads pipelines and lists of their runs for the pages.
struct PipelineLoader: Sendable {
    let sources: ConsoleSources

    func list() async throws -> PipelinesPage {
        let now = sources.clock.now
        var rows: [PipelinesPage.Row] = []
        for summary in try await sources.pipelines.pipelines().prefix(ConsoleLimits.listRows) {
            let recent = try await sources.pipelines.runs(pipeline: summary.name, limit: 16).items
            rows.append(
                PipelinesPage.Row(
                    name: summary.name,
                    tasks: summary.taskCount,
                    last: summary.lastRun.map { Self.row($0, now: now) },
                    recent: recent.reversed().map { Self.tone($0.state) }
                )
            )
        }
        return PipelinesPage(rows: rows, runs: try await recentRuns(pipeline: nil, limit: 20))
    }

    func page(_ name: String) async throws -> PipelinePage {
        let spec = try await sources.pipelines.pipeline(name)
        return PipelinePage(
            name: name,
            lede: [.text(spec.tasks.count == 1 ? "1 task" : "\(spec.tasks.count) tasks")],
            graph: spec.tasks.map { task in
                .init(name: task.name, needs: task.needs, note: Self.words(task.action), tone: .idle)
            },
            parameters: Self.facts(spec.parameters),
            runs: try await recentRuns(pipeline: name, limit: ConsoleLimits.listRows / 4),
            actions: [ActionButton("Run now", path: ConsolePath.of("pipelines", name, "runs"), style: .primary)]
        )
    }

    /// The newest runs with how many of their tasks are done.
    func recentRuns(pipeline: String?, limit: Int) async throws -> [PipelineRunRow] {
        let now = sources.clock.now
        var rows: [PipelineRunRow] = []
        for run in try await sources.pipelines.runs(pipeline: pipeline, limit: limit).items {
            let full = try await sources.pipelines.run(run.id)
            rows.append(Self.row(full, now: now))
        }
        return rows
    }

    /// A run as lists show it; without tasks its progress is empty.
    static func row(_ run: PipelineRun, now: Timestamp) -> PipelineRunRow {
        let end = run.finishedAt ?? now
        return PipelineRunRow(
            id: run.id,
            pipeline: run.pipeline,
            tone: tone(run.state),
            state: run.isCancelRequested && !run.state.isFinal ? "cancelling" : run.state.rawValue,
            done: run.tasks.count { $0.state == .succeeded },
            total: run.tasks.count,
            cause: cause(run.trigger),
            started: TimeText(run.createdAt, now: now),
            took: run.startedAt.map { TimeText.took(end - $0) } ?? NumberText.missing
        )
    }

    /// What started a run, in words.
    static func cause(_ trigger: String) -> String {
        switch trigger {
        case "manual": "hand"
        case "console": "the console"
        case "loop": "a loop"
        default: trigger
        }
    }

    static func tone(_ state: RunState) -> Tone {
        switch state {
        case .queued: .idle
        case .running: .live
        case .succeeded: .good
        case .failed: .bad
        case .cancelled: .warn
        }
    }

    static func tone(_ state: TaskState) -> Tone {
        switch state {
        case .pending, .skipped: .idle
        case .running: .live
        case .succeeded: .good
        case .failed: .bad
        case .lost, .cancelled: .warn
        }
    }

    /// What a task does, short enough for its box.
    static func words(_ action: TaskAction) -> String {
        switch action {
        case .step(let name, _): name
        case .command(let words): words.joined(separator: " ")
        case .script: "script"
        case .container(let container): container.image
        }
    }

    /// Parameters as labels and values.
    static func facts(_ parameters: JSONObject) -> [(label: String, value: Markup)] {
        parameters.pairs.map { name, value in
            (label: name, value: .text(value.stringValue ?? value.description))
        }
    }
}
