package import Core

/// Where a parameter's values come from; a value is one Double: a number, or a choice's index.
package enum ParameterDistribution: Sendable, Equatable {
    /// A number in `low ... high`; spread by its logarithm, or in steps from `low`.
    case float(low: Double, high: Double, log: Bool = false, step: Double? = nil)
    /// A whole number in `low ... high`; spread by its logarithm, or in steps from `low`.
    case integer(low: Int, high: Int, log: Bool = false, step: Int = 1)
    /// One of several words, numbers or truth values, by index.
    case choice([JSONValue])

    /// Whether there is only one value.
    package var isSingle: Bool {
        switch self {
        case .float(let low, let high, _, let step): low == high || step.map { high - low < $0 } ?? false
        case .integer(let low, let high, _, let step): high - low < step
        case .choice(let words): words.count <= 1
        }
    }

    /// Whether it is one of several words.
    package var isChoice: Bool {
        if case .choice = self { true } else { false }
    }

    /// The value in words, as it is logged and handed to a library.
    package func text(of value: Double) -> String {
        if case .float = self { return "\(value)" }
        if case .string(let text) = json(of: value) { return text }
        return "\(json(of: value))"
    }

    /// The value as JSON: a number, or the choice itself; null outside of the choices.
    package func json(of value: Double) -> JSONValue {
        switch self {
        case .float: return .number(value)
        case .integer: return Int64(exactly: value).map { .integer($0) } ?? .number(value)
        case .choice(let words):
            guard let index = Int(exactly: value), words.indices.contains(index) else { return .null }
            return words[index]
        }
    }

    /// The value that JSON says, nil when it is not one of this parameter's.
    ///
    /// A number between two steps is not: what is tried must be what is recorded.
    package func value(of json: JSONValue) -> Double? {
        switch self {
        case .choice(let words):
            return words.firstIndex { Self.isSame($0, json) }.map(Double.init)
        case .float, .integer:
            guard let number = json.doubleValue, let range = numeric else { return nil }
            let nearest = range.value(at: range.place(of: number))
            guard abs(nearest - number) <= 1e-9 * max(1, abs(number)) else { return nil }
            return range.step == nil ? number : nearest
        }
    }

    /// 1 and 1.0 are the same choice; 1 and true are not.
    private static func isSame(_ left: JSONValue, _ right: JSONValue) -> Bool {
        if case .bool = left { return left == right }
        if case .bool = right { return false }
        guard let first = left.doubleValue, let second = right.doubleValue else { return left == right }
        return first == second
    }

    /// How samplers see a numeric parameter; nil for a choice.
    package var numeric: NumericRange? {
        switch self {
        case .float(let low, let high, let log, let step):
            NumericRange(low: low, high: high, isLog: log, step: step)
        case .integer(let low, let high, let log, let step):
            NumericRange(low: Double(low), high: Double(high), isLog: log, step: Double(step))
        case .choice: nil
        }
    }
}
