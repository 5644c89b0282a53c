import Core
import Foundation

/// Draws without replacement as counts, without looking at single values.
enum HypergeometricDraw {
    /// How many of each category a random draw holds.
    ///
    /// - Parameters:
    ///   - totals: How many of each category there are.
    ///   - draws: How many are drawn, at most the sum of the totals.
    ///   - generator: Where randomness comes from.
    /// - Returns: One count for each category; they sum to `draws`.
    static func counts(_ totals: [Int], draws: Int, using generator: inout SeededGenerator) -> [Int] {
        var (rest, open) = (totals.reduce(0, +), draws)
        return totals.map { total in
            let count = one(total: rest, marked: total, draws: open, using: &generator)
            rest -= total
            open -= count
            return count
        }
    }

    /// How many of `draws` balls are marked when `marked` of `total` are, by inversion outwards from the mode.
    private static func one(total: Int, marked: Int, draws: Int, using generator: inout SeededGenerator) -> Int {
        let low = max(0, draws - (total - marked))
        let high = min(marked, draws)
        guard low < high else { return low }
        let mode = min(max(Int(Double(draws + 1) * Double(marked + 1) / Double(total + 2)), low), high)
        /// probability(x + 1) / probability(x)
        func ratio(_ x: Int) -> Double {
            Double(marked - x) * Double(draws - x) / (Double(x + 1) * Double(total - marked - draws + x + 1))
        }
        var (left, right) = (mode, mode)
        let start = probability(mode, total: total, marked: marked, draws: draws)
        var (below, above) = (start, start)
        var open = generator.uniform() - start
        while open > 0, left > low || right < high {
            if left > low {
                left -= 1
                below /= ratio(left)
                open -= below
                if open <= 0 { return left }
            }
            if right < high {
                above *= ratio(right)
                right += 1
                open -= above
                if open <= 0 { return right }
            }
            // What rounding leaves over belongs to the tails; they are past any weight here.
            if below + above < 1e-18 { break }
        }
        return mode
    }

    /// The probability of x by logarithms of factorials.
    private static func probability(_ x: Int, total: Int, marked: Int, draws: Int) -> Double {
        func choose(_ n: Int, _ k: Int) -> Double {
            logFactorial(Double(n)) - logFactorial(Double(k)) - logFactorial(Double(n - k))
        }
        return exp(choose(marked, x) + choose(total - marked, draws - x) - choose(total, draws))
    }
}
