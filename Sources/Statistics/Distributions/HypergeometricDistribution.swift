/// The hypergeometric distribution: how many of `draws` balls are marked when `marked` of `total` are.
///
/// Probabilities are weights relative to the mode by the ratio of neighbours, normalised by their own sum, so no factorial
/// is needed and no digits are lost however large the numbers are.
package struct HypergeometricDistribution: Sendable {
    /// The smallest count whose weight is above underflow.
    private let first: Int
    /// The weights from `first` on, 1 at the mode.
    private let weights: [Double]
    private let sum: Double

    /// Lays out the distribution; nil when the numbers contradict each other.
    package init?(total: Int, marked: Int, draws: Int) {
        guard total >= 0, (0...total).contains(marked), (0...total).contains(draws) else { return nil }
        let low = max(0, draws - (total - marked))
        let high = min(marked, draws)
        let exact = Double(draws + 1) * Double(marked + 1) / Double(total + 2)
        let mode = min(max(Int(exact), low), high)
        let unmarked = total - marked
        /// weight(x + 1) / weight(x)
        func ratio(_ x: Int) -> Double {
            Double(marked - x) * Double(draws - x) / (Double(x + 1) * Double(unmarked - draws + x + 1))
        }
        var below: [Double] = []
        var (weight, x) = (1.0, mode)
        while x > low, weight > 1e-305 {
            x -= 1
            weight /= ratio(x)
            below.append(weight)
        }
        var above: [Double] = []
        (weight, x) = (1.0, mode)
        while x < high, weight > 1e-305 {
            weight *= ratio(x)
            x += 1
            above.append(weight)
        }
        first = mode - below.count
        weights = below.reversed() + [1] + above
        // Small ones first on either side of the mode.
        sum = below.reversed().reduce(0, +) + above.reversed().reduce(0, +) + 1
    }

    /// The probability of exactly x.
    package func probability(_ x: Int) -> Double { weight(x) / sum }

    /// The probability of at most x.
    package func cumulative(_ x: Int) -> Double {
        guard x >= first else { return 0 }
        guard x < first + weights.count - 1 else { return 1 }
        return total(weights[0...(x - first)]) / sum
    }

    /// The probability of at least x.
    package func survival(from x: Int) -> Double {
        guard x > first else { return 1 }
        guard x < first + weights.count else { return 0 }
        return total(weights[(x - first)...]) / sum
    }

    /// The probability of all counts that are no likelier than x: the two-sided p-value of Fisher's exact test.
    ///
    /// Weights within 1e-9 of x's count as equal, because ties are exact in theory and rounded here.
    package func noLikelier(than x: Int) -> Double {
        let bound = weight(x) * (1 + 1e-9)
        return min(weights.filter { $0 <= bound }.sorted().reduce(0, +) / sum, 1)
    }

    private func weight(_ x: Int) -> Double {
        weights.indices.contains(x - first) ? weights[x - first] : 0
    }

    /// The sum of a tail, from its smaller end.
    private func total(_ tail: ArraySlice<Double>) -> Double {
        guard let head = tail.first, let last = tail.last else { return 0 }
        return head <= last ? tail.reduce(0, +) : tail.reversed().reduce(0, +)
    }
}
