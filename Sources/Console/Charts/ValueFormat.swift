/// How a chart writes its values; the script uses the same names for its readout.
package enum ValueFormat: String, Sendable, Hashable {
    /// A measured value.
    case value
    /// A whole number of things.
    case count
    /// A share between 0 and 1.
    case percent
    /// Seconds shown as a latency.
    case latency
    /// Events per second.
    case rate

    /// The text of one value.
    package func text(_ value: Double) -> String {
        switch self {
        case .value, .count: NumberText.value(value)
        case .percent: NumberText.percent(value)
        case .latency: NumberText.latency(seconds: value)
        case .rate: NumberText.rate(value)
        }
    }
}
