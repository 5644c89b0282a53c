package import Core

/// A value of a column: a number or text.
package enum QualityLabel: Sendable, Hashable {
    case number(Double)
    case integer(Int64)
    case text(String)

    /// The label of a JSON number or string, or nil.
    package init?(_ value: JSONValue) {
        switch value {
        case .integer(let value): self = .integer(value)
        case .number(let value) where value.isFinite: self = .number(value)
        case .string(let text): self = .text(text)
        case .bool(let value): self = .text(value ? "true" : "false")
        default: return nil
        }
    }

    /// The label as JSON.
    package var json: JSONValue {
        switch self {
        case .number(let value): .number(value)
        case .integer(let value): .integer(value)
        case .text(let text): .string(text)
        }
    }

    /// The label in messages and as a key.
    package var text: String {
        switch self {
        case .number(let value): String(describing: value)
        case .integer(let value): String(value)
        case .text(let text): text
        }
    }
}

/// A value and how often a column has it.
package struct ValueCount: Sendable, Equatable {
    /// The value.
    package let label: QualityLabel
    /// How many rows have it.
    package let count: Int

    /// Makes a count.
    package init(label: QualityLabel, count: Int) {
        self.label = label
        self.count = count
    }
}

/// Keeps the most frequent of the values it is shown, the first of equals first.
struct FrequentValues {
    private let limit: Int
    private(set) var values: [ValueCount] = []

    init(limit: Int) { self.limit = limit }

    /// Takes a value; `label` is made only when the value is among the most frequent.
    mutating func take(_ count: Int, _ label: () -> QualityLabel) {
        if values.count == limit {
            guard let last = values.last, count > last.count else { return }
            values.removeLast()
        }
        var place = values.count
        while place > 0, values[place - 1].count < count { place -= 1 }
        values.insert(ValueCount(label: label(), count: count), at: place)
    }
}
