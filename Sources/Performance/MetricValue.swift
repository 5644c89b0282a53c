package import Core

/// One metric: a number with what is known of its error, or the reason why there is none.
///
/// A value is never NaN and never infinite.
package struct MetricValue: Sendable, Equatable {
    /// The metric's name, as runs log it: `accuracy`, `roc_auc`, `rmse`.
    package let name: String
    /// The metric; nil when the rows do not determine it.
    package let value: Double?
    /// The standard error of the value over samples of this size; nil where none is computed.
    package let standardError: Double?
    /// How many rows the value rests on.
    package let count: Int
    /// Why there is no value, for a person.
    package let reason: String?

    /// A metric that is known.
    ///
    /// A number that is not finite becomes a metric without a value.
    package init(_ name: String, _ value: Double, standardError: Double? = nil, count: Int) {
        self.name = name
        self.count = count
        guard value.isFinite else {
            self.value = nil
            self.standardError = nil
            reason = Self.insufficient("the values are too large or too few to compute '\(name)'")
            return
        }
        self.value = value
        self.standardError = standardError.flatMap { $0.isFinite ? $0 : nil }
        reason = nil
    }

    /// A metric that the rows do not determine.
    package init(_ name: String, count: Int, because reason: String) {
        self.name = name
        self.count = count
        value = nil
        standardError = nil
        self.reason = Self.insufficient(reason)
    }

    private static func insufficient(_ reason: String) -> String { "insufficient data: \(reason)" }

    /// The metric by the keys `value`, `standard_error`, `count` and `reason`, of which the empty ones are left out.
    package var json: JSONValue {
        var object: JSONObject = ["value": .optional(value), "count": .int(count)]
        if let standardError { object["standard_error"] = .number(standardError) }
        if let reason { object["reason"] = .string(reason) }
        return .object(object)
    }
}

extension [MetricValue] {
    /// The metric of that name.
    package subscript(_ name: String) -> MetricValue? { first { $0.name == name } }

    /// The metrics as an object by name.
    package var json: JSONValue { .object(JSONObject(map { ($0.name, $0.json) })) }
}
