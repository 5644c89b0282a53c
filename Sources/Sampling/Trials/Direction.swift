/// Whether less or more of an objective is better.
package enum Direction: String, Sendable, CaseIterable {
    case minimize
    case maximize

    /// What a value costs: less is better, whatever the direction.
    package func loss(_ value: Double) -> Double {
        self == .minimize ? value : -value
    }
}
