import Core
import Tracking

/// Reads what other programs wrote: numbers as numbers or text, absent or null alike, errors that name the field.
struct SourceFields {
    let value: JSONValue

    init(_ value: JSONValue?) {
        self.value = value ?? .null
    }

    /// Text; numbers count as text, as YAML writes names that look like numbers.
    func optionalText(_ key: String) -> String? {
        switch value[key] {
        case .string(let text)?: text
        case .integer(let number)?: String(number)
        default: nil
        }
    }

    func text(_ key: String) throws(MartletError) -> String {
        guard let text = optionalText(key) else { throw missing(key) }
        return text
    }

    /// A whole number, also one written as text.
    func optionalInteger(_ key: String) -> Int64? {
        value[key]?.integerValue ?? value[key]?.stringValue.flatMap { Int64($0) }
    }

    func integer(_ key: String) throws(MartletError) -> Int64 {
        guard let number = optionalInteger(key) else { throw missing(key) }
        return number
    }

    func time(_ key: String) throws(MartletError) -> Timestamp {
        Timestamp(milliseconds: try integer(key))
    }

    /// A moment; nil when absent or 0, which MLflow writes for "never".
    func optionalTime(_ key: String) -> Timestamp? {
        optionalInteger(key).flatMap { $0 > 0 ? Timestamp(milliseconds: $0) : nil }
    }

    /// A number, also `NaN` and the infinities as text.
    func number(_ key: String) throws(MartletError) -> Double {
        if let number = value[key]?.doubleValue { return number }
        guard let text = value[key]?.stringValue, let number = Self.number(text) else { throw missing(key) }
        return number
    }

    /// A number as Python or protobuf writes it.
    static func number(_ text: String) -> Double? {
        switch text.lowercased() {
        case "nan", "-nan": .nan
        case "inf", "infinity", "+inf": .infinity
        case "-inf", "-infinity": -.infinity
        default: Double(text)
        }
    }

    func array(_ key: String) -> [SourceFields] {
        (value[key]?.arrayValue ?? []).map { SourceFields($0) }
    }

    func fields(_ key: String) -> SourceFields {
        SourceFields(value[key])
    }

    /// Keys and values of a list of tags or params.
    func tags(_ key: String) throws(MartletError) -> [Tag] {
        var tags: [Tag] = []
        for entry in array(key) {
            tags.append(Tag(key: try entry.text("key"), value: entry.optionalText("value") ?? ""))
        }
        return tags
    }

    func params(_ key: String) throws(MartletError) -> [Param] {
        try tags(key).map { Param(key: $0.key, value: $0.value) }
    }

    func lifecycle(_ key: String) -> Lifecycle {
        optionalText(key) == Lifecycle.deleted.rawValue ? .deleted : .active
    }

    private func missing(_ key: String) -> MartletError {
        let found = value[key].map { ", but is \($0.kind)" } ?? " but is missing"
        return MartletError(.dataLoss, "'\(key)' is needed\(found).")
    }
}
