import Core

/// What a manifest changes, object by object, as text.
///
/// ```
/// ~ deployments/cancer
///     rollout.bake: 1m → 4s
///     → moves cancer from version 3 to 4 by canary 10, 50, 100 %.
/// + monitors/cancer-drift
///     deployment: cancer
/// = pipelines/cancer-training
/// ```
struct DifferenceText {
    /// The answer of `/diff` or `/apply`.
    let answer: JSONValue
    /// Whether the changes have been made.
    let applied: Bool

    /// Writes the changes, and in a last line how many there are.
    func write(to terminal: Terminal) {
        let changes = answer["changes"]?.arrayValue ?? []
        if changes.isEmpty { terminal.line(terminal.paint("The manifest declares nothing.", .dim)) }
        for change in changes { write(change, to: terminal) }
        for object in answer["undeclared"]?.arrayValue ?? [] {
            let name = "\(Words.text(object["section"]))/\(Words.text(object["name"]))"
            terminal.line(terminal.paint(DisplayText.safe("? \(name): only on the server; applying leaves it"), .dim))
        }
        for remark in answer["remarks"]?.arrayValue ?? [] {
            terminal.line(DisplayText.safe("! \(Words.text(remark))"))
        }
        terminal.note(summary(changes))
    }

    private func summary(_ changes: [JSONValue]) -> String {
        let count = changes.filter { $0["change"] != "unchanged" }.count
        return switch (count, applied) {
        case (0, _): "Nothing differs."
        case (changes.count, true): "\(count) applied."
        case (_, true): "\(count) of \(changes.count) applied; the rest was there already."
        case (_, false): "\(count) of \(changes.count) differ from the server."
        }
    }

    private func write(_ change: JSONValue, to terminal: Terminal) {
        let name = "\(Words.text(change["section"]))/\(Words.text(change["name"]))"
        switch change["change"]?.stringValue {
        case "created": terminal.line(terminal.paint(DisplayText.safe("+ \(name)"), .good))
        case "changed": terminal.line(terminal.paint(DisplayText.safe("~ \(name)"), .busy))
        default: terminal.line(terminal.paint(DisplayText.safe("= \(name)"), .dim))
        }
        let isNew = change["change"] == "created"
        for field in change["fields"]?.arrayValue ?? [] {
            let path = Words.text(field["path"])
            let after = field["to"].map(Self.value)
            let text =
                if isNew { after ?? "" } else {
                    "\(field["from"].map(Self.value) ?? "nothing") → \(after ?? "nothing")"
                }
            terminal.line(line("    \(path): \(text)", terminal))
        }
        for note in change["notes"]?.arrayValue ?? [] { terminal.line(line("    → \(Words.text(note))", terminal)) }
    }

    private func line(_ text: String, _ terminal: Terminal) -> String {
        let safe = DisplayText.safe(text)
        return terminal.width.map { DisplayText.fitted(safe, to: $0) } ?? safe
    }

    /// A value in few words, durations in their largest whole unit, nested objects in braces.
    static func value(_ value: JSONValue) -> String {
        switch value {
        case .null: "nothing"
        case .string(let text): text.isEmpty ? "''" : duration(text) ?? text
        case .bool(let truth): truth ? "true" : "false"
        case .integer(let number): "\(number)"
        case .number(let number): Words.number(number)
        case .array(let elements): "[\(elements.map(Self.value).joined(separator: ", "))]"
        case .object(let object):
            "{\(object.pairs.map { "\($0.key): \(Self.value($0.value))" }.joined(separator: ", "))}"
        }
    }

    private static func duration(_ text: String) -> String? {
        guard text.hasSuffix("ms"), let milliseconds = Int64(text.dropLast(2)), milliseconds > 0 else { return nil }
        let units: [(Int64, String)] = [(86_400_000, "d"), (3_600_000, "h"), (60_000, "m"), (1000, "s")]
        for (size, unit) in units where milliseconds.isMultiple(of: size) { return "\(milliseconds / size)\(unit)" }
        return text
    }
}
