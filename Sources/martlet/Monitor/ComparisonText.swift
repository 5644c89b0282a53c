import Core
import Drift

/// A drift report as the terminal shows it.
struct ComparisonText {
    private let report: DriftReport

    init(_ report: DriftReport) { self.report = report }

    func write(to terminal: Terminal) {
        headline(to: terminal)
        if !report.features.isEmpty { columns(to: terminal) }
        if !report.detectors.isEmpty { detectors(to: terminal) }
        if !report.events.isEmpty { events(to: terminal) }
        if !report.segments.isEmpty { segments(to: terminal) }
    }

    private func headline(to terminal: Terminal) {
        let text = DisplayText.safe(report.headline)
        switch report.verdict {
        case .drift: terminal.line("\(terminal.paint("drift", .bad)): \(text)")
        case .noDrift: terminal.line("\(terminal.paint("no drift", .good)): \(text)")
        case .insufficientData: terminal.line(terminal.paint(text, .busy))
        }
        terminal.line(
            terminal.paint(
                "\(report.referenceRows) × \(report.referenceColumns) against "
                    + "\(report.currentRows) × \(report.currentColumns)",
                .dim
            )
        )
    }

    private func columns(to terminal: Terminal) {
        terminal.line()
        var table = TextTable([
            .init(title: "COLUMN"), .init(title: "KIND"), .init(title: "METHOD"),
            .init(title: "SCORE", alignment: .right), .init(title: "THRESHOLD", alignment: .right),
            .init(title: "VERDICT", colour: Self.colour), .init(title: "MISSING", alignment: .right),
            .init(title: "WAS", alignment: .right), .init(title: "WHY"),
        ])
        for feature in report.features {
            table.add([
                feature.drift.name, feature.kind.rawValue, feature.methodName, Self.number(feature.drift.score),
                Self.number(feature.drift.threshold), Self.word(feature.drift.drifted),
                feature.current.map { Self.percent($0.missingShare) } ?? "-",
                Self.percent(feature.reference.missingShare), feature.drift.reason ?? "",
            ])
        }
        table.write(to: terminal, empty: "")
    }

    private func detectors(to terminal: Terminal) {
        terminal.line()
        var table = TextTable([
            .init(title: "DETECTOR"), .init(title: "STATISTIC", alignment: .right),
            .init(title: "P", alignment: .right), .init(title: "THRESHOLD", alignment: .right),
            .init(title: "VERDICT", colour: Self.colour), .init(title: "WHY"),
        ])
        for detector in report.detectors {
            table.add([
                detector.kind.rawValue, Self.number(detector.statistic), Self.number(detector.pValue),
                Self.number(detector.threshold), Self.word(detector.drifted), detector.reason ?? "",
            ])
        }
        table.write(to: terminal, empty: "")
    }

    private func events(to terminal: Terminal) {
        terminal.line()
        var table = TextTable([
            .init(title: "COLUMN"), .init(title: "EVENT"), .init(title: "SEVERITY", colour: Self.colour),
            .init(title: "WHAT"),
        ])
        for event in report.events {
            table.add([event.column, event.kind.rawValue, event.severity.rawValue, event.detail])
        }
        table.write(to: terminal, empty: "")
    }

    private func segments(to terminal: Terminal) {
        terminal.line()
        var table = TextTable([
            .init(title: "SEGMENT"), .init(title: "WAS", alignment: .right), .init(title: "ROWS", alignment: .right),
            .init(title: "DRIFTED", alignment: .right), .init(title: "VERDICT", colour: Self.colour),
            .init(title: "COLUMNS"),
        ])
        for segment in report.segments {
            let decided = segment.columns.features.count { $0.drifted != nil }
            let drifted = segment.columns.features.filter { $0.drifted == true }.map(\.name)
            table.add([
                segment.name ?? "(missing)", "\(segment.referenceRows)", "\(segment.currentRows)",
                "\(drifted.count) of \(decided)", Self.word(segment.columns.drifted),
                segment.columns.reason ?? drifted.joined(separator: ", "),
            ])
        }
        table.write(to: terminal, empty: "")
    }

    private static func word(_ drifted: Bool?) -> String {
        drifted.map { $0 ? "drift" : "ok" } ?? "insufficient data"
    }

    private static func colour(_ word: String) -> Terminal.Colour? {
        switch word {
        case "drift": .bad
        case "ok": .good
        default: .busy
        }
    }

    private static func number(_ value: Double?) -> String {
        value.map { ReportNumber.text($0) } ?? "-"
    }

    private static func percent(_ share: Double) -> String {
        ReportNumber.percent(share)
    }
}
