package import Core

/// JSON values as words for people.
package enum Words {
    /// A time as `2026-01-01 00:00:00`, in UTC; a dash when there is none.
    package static func time(_ value: JSONValue?) -> String {
        guard let milliseconds = value?.integerValue, milliseconds > 0 else { return "–" }
        let text = Timestamp(milliseconds: milliseconds).iso8601
        return text.prefix(10) + " " + text.dropFirst(11).prefix(8)
    }

    /// The time between two moments; up to `now` when the second is missing.
    package static func span(_ start: JSONValue?, _ end: JSONValue?, now: Timestamp) -> String {
        guard let start = start?.integerValue, start > 0 else { return "–" }
        let end = end?.integerValue.flatMap { $0 > 0 ? $0 : nil } ?? now.milliseconds
        return duration(milliseconds: max(0, end - start))
    }

    /// A duration such as `350ms`, `4.2s`, `3m 05s` or `2h 10m`.
    package static func duration(milliseconds: Int64) -> String {
        switch milliseconds {
        case ..<1000: return "\(milliseconds)ms"
        case ..<60_000: return "\(milliseconds / 1000).\(milliseconds % 1000 / 100)s"
        case ..<3_600_000: return "\(milliseconds / 60_000)m \(padded(milliseconds / 1000 % 60))s"
        default: return "\(milliseconds / 3_600_000)h \(padded(milliseconds / 60_000 % 60))m"
        }
    }

    /// A number with at most four digits after the point.
    package static func number(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? "NaN" : value > 0 ? "∞" : "-∞" }
        if let whole = Int64(exactly: value) { return "\(whole)" }
        guard abs(value) >= 0.0001, abs(value) < 1e9 else { return "\(value)" }
        return "\((value * 10_000).rounded() / 10_000)"
    }

    /// Any value in few words; a dash for null or nothing.
    package static func text(_ value: JSONValue?) -> String {
        switch value {
        case nil, .null: "–"
        case .string(let text): text.isEmpty ? "–" : text
        case .bool(let truth): truth ? "yes" : "no"
        case .integer(let number): "\(number)"
        case .number(let number): self.number(number)
        case .array(let elements): elements.isEmpty ? "–" : elements.map(text).joined(separator: ", ")
        case .object(let object):
            object.isEmpty ? "–" : object.pairs.map { "\($0.key)=\(text($0.value))" }.joined(separator: " ")
        }
    }

    /// A number from a string or number, as MLflow writes its 64-bit values both ways.
    package static func integer(_ value: JSONValue?) -> Int64? {
        value?.integerValue ?? value?.stringValue.flatMap { Int64($0) }
    }

    /// The colour of a word that tells how something stands.
    package static func colour(_ word: String) -> Terminal.Colour? {
        switch word.lowercased() {
        case "succeeded", "finished", "promoted", "ready", "ok", "recovered", "stable", "passed", "clear", "serving":
            .good
        case "failed", "rejected", "rolled back", "rolled_back", "killed", "lost", "drift", "missing": .bad
        case "running", "queued", "pending", "signalled", "retraining", "gating", "registering", "rolling out",
            "rolling_out", "progressing", "paused", "candidate", "warming", "waiting":
            .busy
        case "cancelled", "skipped", "deleted", "–": .dim
        default: nil
        }
    }

    private static func padded(_ value: Int64) -> String {
        value < 10 ? "0\(value)" : "\(value)"
    }
}
