import Core
import Tracking

/// Reads experiments and their runs for the pages.
struct ExperimentLoader: Sendable {
    let sources: ConsoleSources

    func list() async throws -> ExperimentsPage {
        let now = sources.clock.now
        let found = try await sources.tracking.searchExperiments(
            order: ["last_update_time DESC"],
            limit: ConsoleLimits.listRows
        )
        let rows = found.experiments.map { experiment in
            ExperimentsPage.Row(
                id: experiment.id,
                name: experiment.name,
                updated: TimeText(experiment.lastUpdateTime, now: now),
                created: TimeText(experiment.creationTime, now: now)
            )
        }
        return ExperimentsPage(rows: rows)
    }

    func page(_ id: String, _ query: ConsoleQuery) async throws -> ExperimentPage {
        let now = sources.clock.now
        let experiment = try await sources.tracking.experiment(id)
        let filter = query["filter"] ?? ""
        let order = query["order_by"]
        let (sortedBy, falls) = Self.order(order)
        var runs: [Run] = []
        var next: String?
        var problem: String?
        do {
            let found = try await sources.tracking.searchRuns(
                experimentIDs: [id],
                filter: filter.isEmpty ? nil : filter,
                order: order.map { [$0] } ?? [],
                limit: ConsoleLimits.runsPerPage,
                after: query["page_token"]
            )
            runs = found.runs
            next = found.nextToken
        } catch let error as MartletError where error.code == .invalidArgument {
            problem = error.message
        }
        let base = ConsolePath.of("experiments", id)
        let table = RunTable(
            rows: runs.map { Self.row($0, now: now) },
            sortedBy: sortedBy,
            descending: falls,
            address: { column, falls in
                let items = [("filter", filter), ("order_by", column + (falls ? " DESC" : " ASC"))]
                return ConsolePath.query(base, items.filter { !$0.1.isEmpty })
            }
        )
        return ExperimentPage(
            id: id,
            name: experiment.name,
            lede: [
                .joined([.text("created"), .time(TimeText(experiment.creationTime, now: now))]),
                .joined([.text("ID"), .code(id)]),
            ],
            filter: filter,
            problem: problem,
            table: table,
            next: next.map { token in
                let items = [("filter", filter), ("order_by", order ?? ""), ("page_token", token)]
                return ConsolePath.query(base, items.filter { !$0.1.isEmpty })
            },
            progress: Self.progress(runs, metric: sortedBy)
        )
    }

    /// A run as tables show it.
    static func row(_ run: Run, now: Timestamp) -> RunRow {
        var row = RunRow(
            id: run.info.id,
            name: run.info.name,
            tone: tone(run.info.status),
            status: run.info.status.rawValue.lowercased(),
            started: TimeText(run.info.startTime, now: now),
            took: run.info.endTime.map { TimeText.took($0 - run.info.startTime) } ?? ""
        )
        for metric in run.metrics { row.metrics[metric.key] = metric.value }
        for param in run.params { row.parameters[param.key] = param.value }
        return row
    }

    static func tone(_ status: RunStatus) -> Tone {
        switch status {
        case .running: .live
        case .scheduled: .idle
        case .finished: .good
        case .failed: .bad
        case .killed: .warn
        }
    }

    /// The column and direction of `order_by`; newest first without one.
    private static func order(_ text: String?) -> (column: String?, falls: Bool) {
        guard let text else { return ("attributes.start_time", true) }
        if text.uppercased().hasSuffix(" DESC") { return (String(text.dropLast(5)), true) }
        if text.uppercased().hasSuffix(" ASC") { return (String(text.dropLast(4)), false) }
        return (text, false)
    }

    /// One metric of the runs in the order in which they ran, with the best so far.
    ///
    /// The metric is the one that the table is sorted by, else accuracy, AUROC or the first that most runs have.
    private static func progress(_ runs: [Run], metric sortedBy: String?) -> (metric: String, chart: LineChart)? {
        var counts: [String: Int] = [:]
        for metric in runs.flatMap(\.metrics) where metric.value.isFinite { counts[metric.key, default: 0] += 1 }
        var asked: String?
        if let sortedBy, sortedBy.hasPrefix("metrics.") {
            asked = String(sortedBy.dropFirst(8)).replacing("`", with: "")
        }
        let common = counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map(\.key)
        let preferred = [asked, "accuracy", "auroc", common.first].compactMap(\.self)
        guard let name = preferred.first(where: { counts[$0] ?? 0 >= 3 }) else { return nil }
        let ordered = runs.sorted { $0.info.startTime < $1.info.startTime }
        let values = ordered.compactMap { $0.metric(name) }.filter(\.isFinite)
        let isCost = RunTable.isCost(name)
        var best: [Double] = []
        for value in values {
            let last = best.last ?? value
            best.append(isCost ? min(last, value) : max(last, value))
        }
        let points = values.enumerated().map { (x: Double($0.offset + 1), y: $0.element) }
        let climb = best.enumerated().map { (x: Double($0.offset + 1), y: $0.element) }
        let chart = LineChart(
            label: "\(name) of each run",
            curves: [.init("run", points, color: 0, dotted: true), .init("best so far", climb, color: 1)],
            axis: .step,
            height: .short
        )
        return (name, chart)
    }
}
