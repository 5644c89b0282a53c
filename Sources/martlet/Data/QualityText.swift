import Core
import Quality

/// A report of data quality as the terminal shows it: what does not pass, and how many tests there were.
struct QualityText {
    private let report: QualityReport
    private let showsAll: Bool

    init(_ report: QualityReport, showsAll: Bool) {
        self.report = report
        self.showsAll = showsAll
    }

    func write(to terminal: Terminal) {
        let word = report.passed ? terminal.paint("passed", .good) : terminal.paint("failed", .bad)
        terminal.line("\(word): \(report.summary)")
        let shown = report.tests.filter { showsAll || $0.status != .success }
        guard !shown.isEmpty else { return }
        terminal.line()
        var table = TextTable([
            .init(title: "STATUS", isFixed: true, colour: Self.colour), .init(title: "CRITICAL"), .init(title: "TEST"),
        ])
        for result in shown {
            table.add([result.status.rawValue, result.test.isCritical ? "yes" : "no", result.description])
        }
        table.write(to: terminal, empty: "")
    }

    private static func colour(_ word: String) -> Terminal.Colour? {
        switch QualityTestResult.Status(rawValue: word) {
        case .success?: .good
        case .fail?, .error?: .bad
        case .warning?: .busy
        case nil: nil
        }
    }
}
