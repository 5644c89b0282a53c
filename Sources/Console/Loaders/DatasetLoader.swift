import Core
import Datasets

/// Reads datasets for their pages.
struct DatasetLoader: Sendable {
    let sources: ConsoleSources

    func list() async throws -> DatasetsPage {
        let now = sources.clock.now
        let rows = try await sources.datasets.datasets().prefix(ConsoleLimits.listRows).map { summary in
            DatasetsPage.Row(
                name: summary.name,
                source: Self.source(summary),
                rawRows: Int(clamping: summary.rawRows),
                cleanRows: summary.cleanRows > 0 ? Int(clamping: summary.cleanRows) : nil,
                checks: summary.checksPassed.map { $0 ? (.good, "passed") : (.bad, "failed") },
                version: summary.version ?? "",
                updated: TimeText(summary.updatedAt, now: now)
            )
        }
        return DatasetsPage(rows: Array(rows))
    }

    func page(_ name: String) async throws -> DatasetPage {
        let now = sources.clock.now
        let detail = try await sources.datasets.dataset(name)
        let summary = detail.summary
        let failed = detail.checks.count { !$0.passed }
        let verdict: (tone: Tone, text: String)? = summary.checksPassed.map { passed in
            passed ? (.good, "checks passed") : (.bad, failed == 1 ? "1 check failed" : "\(failed) checks failed")
        }
        return DatasetPage(
            name: summary.name,
            verdict: verdict,
            lede: [
                .text(Self.source(summary)), .text("\(summary.columnCount) columns"),
                .joined([.text("updated"), .time(TimeText(summary.updatedAt, now: now))]),
            ],
            stats: Self.stats(detail),
            checks: detail.checks.map(Self.check),
            splits: detail.splits.enumerated().map { index, split in
                .init(
                    split.name,
                    weight: Double(split.rows),
                    figure: NumberText.count(split.rows),
                    color: index % 6 + 1
                )
            },
            facts: Self.facts(detail, now: now),
            columns: detail.columns.map(Self.column)
        )
    }

    private static func source(_ summary: DatasetSummary) -> String {
        summary.file ?? "rows made here"
    }

    private static func stats(_ detail: DatasetDetail) -> [StatStrip.Stat] {
        let summary = detail.summary
        var stats: [StatStrip.Stat] = [
            .init("Raw rows", NumberText.count(summary.rawRows)),
            .init("Clean rows", NumberText.count(summary.cleanRows)),
            .init("Columns", NumberText.count(summary.columnCount)),
        ]
        let missing = detail.columns.reduce(0) { $0 + $1.nulls }
        stats.append(.init("Missing values", NumberText.count(missing), tone: missing > 0 ? .warn : .idle))
        if let target = detail.target {
            stats.append(.init("Target", target.column, note: target.classes.joined(separator: ", ")))
        }
        return stats
    }

    private static func check(_ result: CheckResult) -> DatasetPage.Check {
        let name = result.column.map { "\(result.name) of \($0)" } ?? result.name
        return DatasetPage.Check(name: "\(name): \(result.expected)", passed: result.passed, detail: result.message)
    }

    private static func facts(_ detail: DatasetDetail, now: Timestamp) -> [(label: String, value: Markup)] {
        var facts: [(label: String, value: Markup)] = []
        if let file = detail.summary.file { facts.append(("File", .code(file))) }
        facts.append(("Version", detail.summary.version.map { .code(String($0.prefix(32))) } ?? .missing))
        if let checkedAt = detail.checkedAt { facts.append(("Checked", .time(TimeText(checkedAt, now: now)))) }
        return facts
    }

    private static func column(_ profile: DatasetDetail.ColumnProfile) -> DatasetPage.Column {
        DatasetPage.Column(
            name: profile.column.name,
            type: profile.column.kind.rawValue,
            missing: profile.nulls,
            minimum: profile.minimum,
            mean: profile.mean,
            maximum: profile.maximum
        )
    }
}
