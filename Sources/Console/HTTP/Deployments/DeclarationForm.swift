import Access
import Core

/// The fields of the form that declares a deployment, and the entry that they stand for.
///
/// A field changes the entry only when it says something else than before: what the form cannot show, such as the checks
/// of a single step, stays as it is declared.
struct DeclarationForm {
    /// Where each field stands in the entry.
    private static let places: [(field: String, path: [String], kind: Kind)] = [
        ("model", ["model"], .text), ("strategy", ["rollout", "strategy"], .text),
        ("steps", ["rollout", "steps"], .steps),
        ("bake", ["rollout", "bake"], .text), ("minimum_samples", ["rollout", "minimum_samples"], .number),
        ("timeout", ["rollout", "timeout"], .text), ("rollback_window", ["rollout", "rollback_window"], .text),
        ("error_rate", ["rollout", "checks", "error_rate", "max"], .number),
        ("latency", ["rollout", "checks", "latency", "max_ratio"], .number),
        ("disagreement", ["rollout", "checks", "disagreement", "max"], .number),
        ("quality", ["rollout", "checks", "quality", "max_drop"], .number),
        ("replicas_min", ["replicas", "min"], .number), ("replicas_max", ["replicas", "max"], .number),
        ("monitors", ["monitors"], .names),
    ]

    private enum Kind {
        case text
        case number
        case names
        case steps
    }

    /// The names of all fields.
    static var names: [String] { places.map(\.field) + ["name", "follows"] }

    /// What the fields hold for an entry.
    static func values(of entry: JSONValue) -> [String: String] {
        var values: [String: String] = [:]
        for (field, path, kind) in places {
            var value: JSONValue? = entry
            for key in path { value = value?[key] }
            if let value { values[field] = text(of: value, kind) }
        }
        values["follows"] = entry["alias"]?.stringValue ?? entry["version"]?.integerValue.map { String($0) }
        return values
    }

    /// The entry with what the fields say differently than before.
    static func entry(_ fields: FormFields, changing base: JSONValue) -> JSONValue {
        var entry = base.objectValue ?? [:]
        let before = values(of: base)
        if let follows = fields["follows"]?.trimmed, follows != before["follows"] {
            entry["alias"] = nil
            entry["version"] = nil
            if let version = Int64(follows) {
                entry["version"] = .integer(version)
            } else {
                entry["alias"] = .string(follows)
            }
        }
        for (field, path, kind) in places {
            let said = fields[field]?.trimmed ?? ""
            guard said != before[field] ?? "" else { continue }
            // A check whose tolerance is taken away is no check any more.
            let isCheck = path.count == 4
            let place = said.isEmpty && isCheck ? path.dropLast() : path[...]
            entry = put(said.isEmpty ? nil : value(of: said, kind), at: place, in: entry)
        }
        if fields["strategy"]?.trimmed != before["strategy"] ?? "" {
            // Steps and window that nobody touched are the other strategy's.
            for field in ["steps", "rollback_window"] where fields[field]?.trimmed ?? "" == before[field] ?? "" {
                entry = put(nil, at: ["rollout", field], in: entry)
            }
        }
        return .object(entry)
    }

    /// The object with another value at a path; nil takes away what is there.
    private static func put(_ value: JSONValue?, at path: ArraySlice<String>, in object: JSONObject) -> JSONObject {
        guard let key = path.first else { return object }
        var object = object
        let rest = path.dropFirst()
        if rest.isEmpty {
            object[key] = value
        } else if value != nil || object[key] != nil {
            object[key] = .object(put(value, at: rest, in: object[key]?.objectValue ?? [:]))
        }
        return object
    }

    private static func text(of value: JSONValue, _ kind: Kind) -> String {
        switch value {
        case .string(let text): kind == .text ? EntryText.shortened(text) : text
        case .integer(let number): String(number)
        case .number(let number): number == number.rounded() && abs(number) < 1e15 ? String(Int64(number)) : "\(number)"
        case .array(let values): values.map { element(of: $0) }.joined(separator: ", ")
        case .bool, .null, .object: ""
        }
    }

    private static func element(of value: JSONValue) -> String {
        if let percent = value["percent"]?.integerValue { return String(percent) }
        return value.stringValue ?? value.integerValue.map { String($0) } ?? ""
    }

    private static func value(of text: String, _ kind: Kind) -> JSONValue {
        switch kind {
        case .text: .string(text)
        case .number: number(text)
        case .names, .steps:
            .array(
                text.split(separator: ",").map { part in
                    let part = String(part).trimmed
                    return kind == .steps
                        ? number(part.hasSuffix("%") ? String(part.dropLast()).trimmed : part) : .string(part)
                }
            )
        }
    }

    /// A number; what is none stays a text, so that the entry's own reader says what is wrong.
    private static func number(_ text: String) -> JSONValue {
        if let whole = Int64(text) { return .integer(whole) }
        guard let number = Double(text), number.isFinite else { return .string(text) }
        return .number(number)
    }

    /// The field that an error speaks of; nil for none of the form's.
    static func field(of error: MartletError) -> String? {
        var known = places.map { (field: $0.field, path: $0.path.joined(separator: ".")) }
        known += [
            (field: "follows", path: "alias"), (field: "follows", path: "version"), (field: "name", path: "name"),
        ]
        // The longest path that the message names in quotes.
        return known.filter { error.message.contains(".\($0.path)'") || error.message.contains("'\($0.path)'") }
            .max { $0.path.count < $1.path.count }?.field
    }
}

extension String {
    /// The text without blanks at its ends.
    fileprivate var trimmed: String {
        let start = firstIndex { !$0.isWhitespace } ?? endIndex
        guard let end = lastIndex(where: { !$0.isWhitespace }) else { return "" }
        return String(self[start...end])
    }
}
