import ArgumentParser
import Core

/// What `martlet doctor` prints: a table, then what to do about each thing.
package enum DoctorReport {
    /// Prints the checks.
    ///
    /// - Throws: `ExitCode.failure` when something is missing.
    package static func write(_ checks: [DoctorCheck], json: Bool, to terminal: Terminal) throws {
        let missing = checks.filter { $0.state == .missing }
        if json {
            let answer: JSONValue = ["ok": .bool(missing.isEmpty), "checks": .array(checks.map(\.json))]
            terminal.line(answer.prettyPrinted())
        } else {
            var table = TextTable([
                .init(title: "CHECK", isFixed: true), .init(title: "STATE", isFixed: true, colour: colour),
                .init(title: "FOUND"),
            ])
            for check in checks {
                table.add([check.name, check.state.rawValue, check.detail])
            }
            table.write(to: terminal, empty: "")
            for check in checks {
                guard let remedy = check.remedy else { continue }
                terminal.line()
                terminal.line("\(terminal.paint(check.name, .bold)): \(DisplayText.safe(check.detail)).")
                terminal.line("  \(DisplayText.safe(remedy))")
            }
        }
        guard missing.isEmpty else { throw ExitCode.failure }
    }

    private static func colour(_ word: String) -> Terminal.Colour? {
        switch DoctorCheck.State(rawValue: word) {
        case .ok: .good
        case .warning: .busy
        case .missing: .bad
        case nil: nil
        }
    }
}
