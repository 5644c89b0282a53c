package import Core

/// What a metric came to.
package enum QualityFigure: Sendable, Equatable {
    /// A number.
    case number(Double)
    /// A count and its share; the share is nil when there is nothing to divide by.
    case count(Int, share: Double?)
    /// Text.
    case text(String)
    /// Nothing, and why.
    case unknown(String)

    /// The figure as Evidently writes it: a number, or count and share.
    package var json: JSONValue {
        switch self {
        case .number(let value): .number(value)
        case .count(let count, let share): ["count": .number(Double(count)), "share": .optional(share)]
        case .text(let text): .string(text)
        case .unknown: .null
        }
    }
}
