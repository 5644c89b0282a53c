package import Core

/// One value of a row as a transform sees it.
package enum TransformValue: Sendable, Hashable {
    /// Nothing, or a number that is not finite.
    case missing
    /// A finite number.
    case number(Double)
    /// Text.
    case text(String)

    /// A number; missing when it is not finite.
    package init(_ number: Double) {
        self = number.isFinite ? .number(number == 0 ? 0 : number) : .missing
    }

    /// The value as JSON.
    package var json: JSONValue {
        switch self {
        case .missing: .null
        case .number(let value): .number(value)
        case .text(let value): .string(value)
        }
    }

    /// The text of a number as `cast` to text and the names of encoded columns have it: `3`, `2.5`.
    package static func text(of number: Double) -> String {
        if let whole = Int64(exactly: number) { return String(whole) }
        return "\(number)"
    }

    static func parse(_ value: JSONValue, path: String) throws(MartletError) -> TransformValue {
        if let text = value.stringValue { return .text(text) }
        if let number = value.doubleValue, number.isFinite { return TransformValue(number) }
        throw MartletError(.invalidArgument, "'\(path)' must be a number or text, but is \(value.kind).")
    }

    /// The order of categories: numbers by size, then text by its bytes.
    static func precedes(_ left: TransformValue, _ right: TransformValue) -> Bool {
        switch (left, right) {
        case (.missing, .missing): false
        case (.missing, _): true
        case (_, .missing): false
        case (.number(let left), .number(let right)): left < right
        case (.number, .text): true
        case (.text, .number): false
        case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        }
    }
}
