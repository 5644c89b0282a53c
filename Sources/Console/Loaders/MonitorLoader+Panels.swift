import Core
import Drift
import Monitoring

extension MonitorLoader {
    /// The metrics that are drawn where they are known, the most telling first.
    private static let drawnMetrics = ["accuracy", "roc_auc", "f1", "rmse", "mae", "r2"]
    private static let mostCharts = 2

    /// What changed in the data itself at the last evaluation, what counts as drift first.
    static func changes(_ detail: MonitorDetail) -> [MonitorPage.DataChange] {
        let events = detail.evaluation?.events ?? []
        return (events.filter { $0.severity == .drift } + events.filter { $0.severity != .drift }).map { event in
            MonitorPage.DataChange(
                column: event.column,
                detail: event.detail,
                probability: event.pValue.map(probability) ?? "",
                tone: event.severity == .drift ? .bad : .warn
            )
        }
    }

    /// What the deployment's predictions are worth; nil when the monitor does not judge it.
    func performance(_ name: String, now: Timestamp) async throws -> MonitorPage.Performance? {
        guard let service = sources.performance else { return nil }
        let report: JSONValue
        do {
            report = try await service.report(monitor: name)
        } catch let error as MartletError where error.code == .notFound {
            return nil
        }
        let buckets = (report["buckets"]?.arrayValue ?? []).sorted { Self.start($0) < Self.start($1) }
        let metrics = Self.drawnMetrics.filter { metric in
            buckets.contains { Self.value($0, "realised", metric) != nil || Self.value($0, "estimated", metric) != nil }
        }
        .prefix(Self.mostCharts)
        return MonitorPage.Performance(
            note: report["verdict"]?["message"]?.stringValue ?? "nothing judged yet",
            charts: metrics.map { Self.chart($0, buckets, now: now) },
            table: buckets.isEmpty ? nil : Self.table(buckets, Array(metrics), now: now)
        )
    }

    private static func chart(
        _ metric: String,
        _ buckets: [JSONValue],
        now: Timestamp
    ) -> (title: String, note: String, chart: LineChart) {
        func points(_ kind: String) -> [(x: Double, y: Double)] {
            buckets.map { (x: Double(start($0)), y: value($0, kind, metric) ?? .nan) }
        }
        let chart = LineChart(
            label: metric,
            curves: [
                .init("with labels", points("realised"), color: 1),
                .init("estimated without", points("estimated"), color: 2, dotted: true),
            ],
            axis: .time(now: now)
        )
        return (metric, "with labels as a line, estimated without them as dots", chart)
    }

    /// The newest figures of each version.
    private static func table(_ buckets: [JSONValue], _ metrics: [String], now: Timestamp) -> TableView {
        var newest: [Int64: JSONValue] = [:]
        for bucket in buckets { newest[bucket["version"]?.integerValue ?? 0] = bucket }
        var columns: [TableView.Column] = [
            .init("Version", numeric: true), .init("From"), .init("Rows", numeric: true),
            .init("Labelled", numeric: true),
        ]
        for metric in metrics {
            columns.append(.init(metric, numeric: true, edge: true))
            columns.append(.init("estimated", numeric: true))
        }
        let rows = newest.sorted { $0.key > $1.key }.map { version, bucket -> [Markup] in
            var cells: [Markup] = [
                .text(String(version)),
                .time(TimeText(Timestamp(milliseconds: start(bucket)), now: now)),
                .text(NumberText.count(bucket["rows"]?.integerValue ?? 0)),
                .text(NumberText.count(bucket["labelled"]?.integerValue ?? 0)),
            ]
            for metric in metrics {
                for kind in ["realised", "estimated"] {
                    cells.append(.text(value(bucket, kind, metric).map(NumberText.value) ?? NumberText.missing))
                }
            }
            return cells
        }
        return TableView(columns: columns, rows: rows)
    }

    private static func start(_ bucket: JSONValue) -> Int64 { bucket["start_at"]?.integerValue ?? 0 }

    private static func value(_ bucket: JSONValue, _ kind: String, _ metric: String) -> Double? {
        bucket[kind]?[metric]?["value"]?.doubleValue
    }
}
