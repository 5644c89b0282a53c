import Core
import Replay

extension ReplayLoader {
    /// The figures of a report: agreement, metric and latency.
    static func stats(_ report: JSONObject) -> [StatStrip.Stat] {
        guard !report.isEmpty else { return [] }
        var stats: [StatStrip.Stat] = []
        let rows = report["rows"]?.integerValue ?? 0
        let note = "\(NumberText.count(rows)) predictions compared"
        if let agreement = report["agreement"]?["agreement"], let value = agreement["value"]?.doubleValue {
            stats.append(.init("Same answer", NumberText.percent(value), note: range(agreement, percent: true) ?? note))
        } else {
            stats.append(.init("Same answer", NumberText.missing, note: note))
        }
        if let labels = report["labels"], let metric = labels["metric"]?.stringValue {
            let isShare = metric == "accuracy"
            let count = "\(NumberText.count(labels["rows"]?.integerValue ?? 0)) labels"
            for (title, key) in [("candidate", "candidate"), ("served", "logged")] {
                guard let interval = labels[key], let value = interval["value"]?.doubleValue else { continue }
                let text = isShare ? NumberText.percent(value) : NumberText.value(value)
                let name = metric.replacing("_", with: " ")
                stats.append(
                    .init("\(sentenceCase(name)), \(title)", text, note: range(interval, percent: isShare) ?? count)
                )
            }
        }
        for (title, key) in [("p95, candidate", "candidate"), ("p95, served", "serving")] {
            guard let micro = report["latency"]?[key]?["p95_us"]?.doubleValue else { continue }
            let parts = NumberText.latency(seconds: micro / 1e6).split(separator: " ")
            let ratio = report["latency"]?["ratio"]?.doubleValue.map { "\(NumberText.value($0)) times" } ?? ""
            let unit = parts.count > 1 ? String(parts[1]) : ""
            stats.append(.init(title, String(parts.first ?? "–"), unit: unit, note: key == "candidate" ? ratio : ""))
        }
        return stats
    }

    private static func sentenceCase(_ text: String) -> String { text.prefix(1).uppercased() + text.dropFirst() }

    private static func range(_ interval: JSONValue, percent: Bool) -> String? {
        guard let low = interval["low"]?.doubleValue, let high = interval["high"]?.doubleValue else { return nil }
        func text(_ value: Double) -> String { percent ? NumberText.percent(value) : NumberText.value(value) }
        return "\(text(low)) to \(text(high))"
    }

    /// The parts of the rows.
    static func segments(_ report: JSONObject) -> [ReplayPage.Segment] {
        (report["segments"]?.arrayValue ?? []).prefix(ConsoleLimits.listRows).map { segment in
            let labels = segment["labels"]
            let isShare = labels?["metric"]?.stringValue == "accuracy"
            func figure(_ key: String) -> String {
                guard let value = labels?[key]?["value"]?.doubleValue else { return "" }
                return isShare ? NumberText.percent(value) : NumberText.value(value)
            }
            return ReplayPage.Segment(
                by: segment["by"]?.stringValue ?? "",
                value: segment["value"]?.stringValue ?? "",
                rows: Int(segment["rows"]?.integerValue ?? 0),
                agreement: segment["agreement"]?["value"]?.doubleValue,
                candidate: figure("candidate"),
                logged: figure("logged")
            )
        }
    }

    /// Some rows on which the answers differ.
    static func disagreements(_ report: JSONObject, now: Timestamp) -> [ReplayPage.Disagreement] {
        (report["disagreements"]?.arrayValue ?? []).prefix(ConsoleLimits.listRows).map { row in
            ReplayPage.Disagreement(
                id: row["request_id"]?.stringValue ?? "",
                time: row["at"]?.integerValue.map { TimeText(Timestamp(milliseconds: $0), now: now) },
                logged: row["logged"]?.stringValue ?? "",
                candidate: row["candidate"]?.stringValue ?? "no answer",
                label: row["label"]?.stringValue ?? ""
            )
        }
    }
}
