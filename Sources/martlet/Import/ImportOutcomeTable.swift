import Core
import Server

/// The comparison of a source with what is stored of it.
enum ImportOutcomeTable {
    static func write(_ outcome: ImportOutcome, isDryRun: Bool, json: Bool, to terminal: Terminal) {
        if json {
            terminal.line(outcome.json.prettyPrinted())
        } else {
            table(outcome, isDryRun, terminal)
        }
        for problem in outcome.problems { terminal.note("! " + DisplayText.safe(problem)) }
        if outcome.problemCount > outcome.problems.count {
            terminal.note("! and \(outcome.problemCount - outcome.problems.count) more")
        }
        if let traces = outcome.traces, traces > 0 {
            terminal.note("\(traces) traces stay behind: traces are not imported.")
        }
        guard !isDryRun else { return }
        let took = Words.duration(milliseconds: outcome.duration.wholeMilliseconds)
        let unchanged = outcome.unchangedRuns > 0 ? "; \(outcome.unchangedRuns) runs were here already" : ""
        terminal.note(
            outcome.isComplete
                ? "Everything of \(DisplayText.safe(outcome.title)) is here (\(took)\(unchanged))."
                : "Not everything of \(DisplayText.safe(outcome.title)) is here (\(took)\(unchanged))."
        )
    }

    private static func table(_ outcome: ImportOutcome, _ isDryRun: Bool, _ terminal: Terminal) {
        var columns: [TextTable.Column] = [.init(title: "WHAT"), .init(title: "SOURCE", alignment: .right)]
        if !isDryRun {
            columns += [.init(title: "STORED", alignment: .right), .init(title: "", colour: Words.colour)]
        }
        var table = TextTable(columns)
        for line in outcome.lines {
            var cells = [line.noun, "\(line.source)"]
            if let stored = line.stored {
                cells += ["\(stored)", word(line.source, stored)]
            }
            table.add(cells)
        }
        table.write(to: terminal, empty: "")
    }

    private static func word(_ source: Int, _ stored: Int) -> String {
        if stored == source { return "ok" }
        return stored < source ? "\(source - stored) missing" : "\(stored - source) more"
    }
}
