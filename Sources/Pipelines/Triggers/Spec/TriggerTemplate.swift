import Core
import Schedules

/// Texts with references to what a trigger fires for, such as `${trigger.date}`, in values of parameters.
///
/// `${trigger.time}`, `${trigger.date}` (on the clocks of the trigger's zone), `${trigger.start}` and `${trigger.end}` (this
/// time and the next, or what a backfill puts together), `${trigger.name}`, and of an event `${trigger.event.id}`, `.type`,
/// `.subject`, `.time` and `.data.…`; `$${` is a plain `${`. What is filled in is never read again.
enum TriggerTemplate {
    private enum Part {
        case text(String)
        case reference([String])
    }

    private static let plain = ["name", "time", "date", "start", "end"]
    private static let ofEvent = ["id", "type", "subject", "time", "data"]

    /// Refuses references to what a trigger of that kind never has.
    static func check(_ value: JSONValue, of kind: TriggerKind, path: String) throws(MartletError) {
        switch value {
        case .string(let text):
            for case .reference(let words) in try parts(text, path: path) {
                let hasEvent =
                    switch kind {
                    case .event, .webhook: true
                    case .schedule, .manual: false
                    }
                guard words.first == "event", !hasEvent else { continue }
                throw MartletError(
                    .invalidArgument,
                    "'\(path)' refers to '${trigger.\(words.joined(separator: "."))}', but a trigger by time or by hand has "
                        + "no event."
                )
            }
        case .array(let elements):
            for (place, element) in elements.enumerated() { try check(element, of: kind, path: "\(path)[\(place)]") }
        case .object(let object):
            for (key, member) in object.pairs { try check(member, of: kind, path: "\(path).\(key)") }
        default: break
        }
    }

    /// Fills every text of a value; one that is a reference alone keeps the type of what it refers to.
    static func fill(_ value: JSONValue, with occasion: JSONObject, path: String) throws(MartletError) -> JSONValue {
        switch value {
        case .string(let text):
            let parts = try parts(text, path: path)
            if parts.count == 1, case .reference(let words) = parts[0] {
                return try resolve(words, occasion, path: path)
            }
            var filled = ""
            for part in parts {
                switch part {
                case .text(let literal): filled += literal
                case .reference(let words):
                    let value = try resolve(words, occasion, path: path)
                    filled += value.stringValue ?? value.description
                }
            }
            return .string(filled)
        case .array(let elements):
            var filled: [JSONValue] = []
            for (place, element) in elements.enumerated() {
                filled.append(try fill(element, with: occasion, path: "\(path)[\(place)]"))
            }
            return .array(filled)
        case .object(let object):
            var filled = JSONObject()
            for (key, member) in object.pairs { filled[key] = try fill(member, with: occasion, path: "\(path).\(key)") }
            return .object(filled)
        default: return value
        }
    }

    private static func parts(_ text: String, path: String) throws(MartletError) -> [Part] {
        var (parts, literal, rest) = ([Part](), "", text[...])
        while let character = rest.first {
            if rest.hasPrefix("$${") {
                literal += "${"
                rest = rest.dropFirst(3)
            } else if rest.hasPrefix("${") {
                guard let end = rest.firstIndex(of: "}") else {
                    throw MartletError(.invalidArgument, "'\(path)' opens a reference with '${' and does not close it.")
                }
                if !literal.isEmpty { parts.append(.text(literal)) }
                literal = ""
                parts.append(.reference(try words(rest[rest.index(rest.startIndex, offsetBy: 2)..<end], path: path)))
                rest = rest[rest.index(after: end)...]
            } else {
                literal.append(character)
                rest = rest.dropFirst()
            }
        }
        if !literal.isEmpty || parts.isEmpty { parts.append(.text(literal)) }
        return parts
    }

    private static func words(_ name: Substring, path: String) throws(MartletError) -> [String] {
        let words = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let isKnown =
            words.first == "trigger" && !words.contains("")
            && (words.count == 2 && plain.contains(words[1])
                || words.count >= 3 && words[1] == "event" && ofEvent.contains(words[2])
                    && (words.count == 3 || words[2] == "data"))
        guard isKnown else {
            let known = plain.map { "${trigger.\($0)}" } + ofEvent.map { "${trigger.event.\($0)}" }
            throw MartletError(
                .invalidArgument,
                "'\(path)' refers to '${\(name.prefix(80))}'; known are \(known.joined(separator: ", ")). Write $${ for a "
                    + "plain ${."
            )
        }
        return Array(words.dropFirst())
    }

    private static func resolve(_ words: [String], _ occasion: JSONObject, path: String) throws(MartletError)
        -> JSONValue
    {
        var value = JSONValue.object(occasion)
        for word in words {
            guard let member = value.objectValue?[word] else {
                throw MartletError(
                    .invalidArgument,
                    "'\(path)' refers to '${trigger.\(words.joined(separator: "."))}', which this firing does not have."
                )
            }
            value = member
        }
        return value
    }
}
