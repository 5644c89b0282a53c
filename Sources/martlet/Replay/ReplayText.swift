import Core

/// A replay as facts and tables.
enum ReplayText {
    /// The colour of a verdict.
    @Sendable static func colour(_ word: String) -> Terminal.Colour? {
        switch word {
        case "pass": .good
        case "fail": .bad
        case "inconclusive", "no evidence": .busy
        default: nil
        }
    }

    /// A verdict in words.
    static func verdict(_ value: JSONValue?) -> String { Words.text(value).replacing("_", with: " ") }

    static func write(_ replay: JSONValue, _ session: Session) {
        let terminal = session.terminal
        let report = replay["report"]
        var facts = Facts()
        facts.add("replay", Words.text(replay["id"]))
        facts.add("deployment", Words.text(replay["deployment"]))
        facts.add("candidate", Words.text(replay["candidate"]))
        facts.add("state", Words.text(replay["state"]))
        if let verdict = replay["verdict"]?.stringValue { facts.add("verdict", verdict.replacing("_", with: " ")) }
        facts.add("because", report?["verdict"]?["message"]?.stringValue)
        if let message = replay["message"]?.stringValue, !message.isEmpty { facts.add("message", message) }
        facts.add("took", Words.span(replay["started_at"], replay["finished_at"], now: session.clock.now))
        if let report {
            facts.add("predictions", "\(Words.text(report["rows"])) of \(Words.text(report["rows_read"])) compared")
            for (reason, rows) in report["skipped"]?.objectValue?.pairs ?? [] {
                facts.add("skipped", "\(Words.text(rows)) \(reason.replacing("_", with: " "))")
            }
            if report["candidate_failures"]?["rows"] != 0 {
                facts.add(
                    "failures",
                    "\(Words.text(report["candidate_failures"]?["rows"])): "
                        + Words.text(report["candidate_failures"]?["first"])
                )
            }
        }
        facts.write(to: terminal)
        guard let report, report["rows"] != 0 else { return }
        figures(report, terminal)
        segments(report, terminal)
        disagreements(report, terminal)
    }

    private static func figures(_ report: JSONValue, _ terminal: Terminal) {
        terminal.line()
        var table = TextTable([
            .init(title: "FIGURE"), .init(title: "CANDIDATE"), .init(title: "LOGGED"), .init(title: "CHANGE"),
            .init(title: "ROWS", alignment: .right),
        ])
        table.add(["agreement", interval(report["agreement"]?["agreement"]), "", "", Words.text(report["rows"])])
        let labels = report["labels"]
        if labels?["metric"] != nil {
            table.add([
                Words.text(labels?["metric"]), interval(labels?["candidate"]), interval(labels?["logged"]),
                "gain \(interval(labels?["gain"]))", Words.text(labels?["rows"]),
            ])
        }
        for name in ["f1_macro", "rmse"] {
            guard let pair = labels?[name] else { continue }
            let value = { (side: JSONValue?) in Words.text(side?["value"] ?? side) }
            table.add([name, value(pair["candidate"]), value(pair["logged"])])
        }
        let latency = report["latency"]
        for (title, key) in [("p50", "p50_us"), ("p95", "p95_us"), ("p99", "p99_us")] {
            let other = latency?["serving"]?[key] ?? latency?["logged"]?[key]
            table.add([
                "latency \(title) µs", number(latency?["candidate"]?[key]), number(other), "",
                Words.text(latency?["candidate"]?["rows"]),
            ])
        }
        table.write(to: terminal, empty: "")
        if let ratio = latency?["ratio"], let other = latency?["compared_with"]?.stringValue {
            terminal.line("The 95 % latency is \(number(ratio)) times that of the \(other).")
        }
    }

    private static func segments(_ report: JSONValue, _ terminal: Terminal) {
        let segments = report["segments"]?.arrayValue ?? []
        guard !segments.isEmpty else { return }
        terminal.line()
        var table = TextTable([
            .init(title: "BY"), .init(title: "VALUE"), .init(title: "ROWS", alignment: .right),
            .init(title: "AGREEMENT"), .init(title: "LABELS", alignment: .right), .init(title: "GAIN"),
        ])
        for segment in segments {
            table.add([
                Words.text(segment["by"]), Words.text(segment["value"]), Words.text(segment["rows"]),
                interval(segment["agreement"]), Words.text(segment["labels"]?["rows"]),
                interval(segment["labels"]?["gain"]),
            ])
        }
        table.write(to: terminal, empty: "")
    }

    /// Disagreements that a terminal shows; the JSON has more.
    private static let shownDisagreements = 10

    private static func disagreements(_ report: JSONValue, _ terminal: Terminal) {
        let rows = report["disagreements"]?.arrayValue ?? []
        guard !rows.isEmpty else { return }
        terminal.line()
        var table = TextTable([
            .init(title: "REQUEST", isFixed: true), .init(title: "VERSION", alignment: .right), .init(title: "AT"),
            .init(title: "LOGGED"), .init(title: "CANDIDATE"), .init(title: "LABEL"),
        ])
        for row in rows.prefix(shownDisagreements) {
            table.add([
                Words.text(row["request_id"]), Words.text(row["version"]), Words.time(row["at"]),
                Words.text(row["logged"]), Words.text(row["candidate"]), Words.text(row["label"]),
            ])
        }
        table.write(to: terminal, empty: "")
    }

    /// `0.98 (0.97 to 0.99)`.
    private static func interval(_ value: JSONValue?) -> String {
        guard value?["value"]?.doubleValue != nil else { return "–" }
        return "\(number(value?["value"])) (\(number(value?["low"])) to \(number(value?["high"])))"
    }

    /// A number in four digits at most.
    private static func number(_ value: JSONValue?) -> String {
        guard let value = value?.doubleValue else { return "–" }
        let digits = abs(value) >= 100 ? 10.0 : 10_000
        return Words.number((value * digits).rounded() / digits)
    }
}
