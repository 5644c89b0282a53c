/// What must hold of an earlier parameter for a parameter to exist in a trial.
package struct ParameterCondition: Sendable, Equatable {
    /// How the parent's value is judged.
    package enum Test: Sendable, Equatable {
        /// It is one of these: numbers, or indices of choices.
        case isOneOf([Double])
        /// It lies in this range, ends included.
        case isBetween(Double, Double)
    }

    /// The parent's place in the search space.
    package let parent: Int
    /// How its value is judged.
    package let test: Test

    /// Makes a condition.
    package init(parent: Int, test: Test) {
        self.parent = parent
        self.test = test
    }

    /// Whether the values so far meet it; a parent that does not exist in the trial (NaN) meets nothing.
    package func holds(for values: [Double]) -> Bool {
        guard values.indices.contains(parent), !values[parent].isNaN else { return false }
        return switch test {
        case .isOneOf(let allowed): allowed.contains(values[parent])
        case .isBetween(let low, let high): low <= values[parent] && values[parent] <= high
        }
    }
}
