import Foundation

/// The distributions of the two-sample Cramér–von Mises statistic.
package enum CramerVonMisesDistribution {
    /// The limiting cumulative probability (Csörgő and Faraway 1996, equation 1.2).
    ///
    /// The series ends with the first term below 1e-7, as SciPy's does, so that p-values agree to the last digits.
    package static func limit(_ x: Double) -> Double {
        guard x > 0 else { return 0 }
        var sum = 0.0
        var index = 0.0
        while true {
            let y = 4 * index + 1
            let q = y * y / (16 * x)
            let ratio = exp(logFactorial(index - 0.5) - logFactorial(index))
            let term = ratio / (pow(.pi, 1.5) * x.squareRoot()) * y.squareRoot() * exp(-q) * bessel(q)
            sum += term
            guard term >= 1e-7 else { return min(sum, 1) }
            index += 1
        }
    }

    /// The modified Bessel function K_¼(q).
    private static func bessel(_ q: Double) -> Double { q <= 2 ? seriesBessel(q) : integralBessel(q) }

    /// The function for small q by the power series of Temme 1975, as the AMOS library sums it.
    private static func seriesBessel(_ q: Double) -> Double {
        let order = 0.25
        // ln Γ(5/4) with the last digits of AMOS, on which SciPy's p-values below 1e-6 depend.
        let second = exp(0.098_271_836_421_813_92)
        let reflection = .pi * order / sin(.pi * order)
        let first = 1 / (second * reflection)
        let logarithm = log(2 / q)
        let power = exp(order * logarithm)
        let difference = (first - second) / (2 * order)
        let mean = (first + second) / 2
        var f = reflection * (cosh(order * logarithm) * difference + sinh(order * logarithm) / order * mean)
        var rising = 0.5 / second * power
        var falling = 0.5 / power / first
        var (sum, weight, step) = (f, 1.0, 1.0)
        while weight > 1e-17 {
            f = (f * step + rising + falling) / (step * step - order * order)
            rising /= step - order
            falling /= step + order
            weight *= q * q / 4 / step
            sum += weight * f
            step += 1
        }
        return sum
    }

    /// The function for larger q: the integral of exp(-q cosh t) cosh(t/4) over t ≥ 0 by the trapezoidal rule.
    ///
    /// The integrand is analytic and falls doubly exponentially, so the rule converges to rounding (Abramowitz and Stegun
    /// 9.6.24 for the integral).
    private static func integralBessel(_ q: Double) -> Double {
        let step = min(0.2, 0.5 / q.squareRoot())
        var sum = 0.5 * exp(-q)
        for index in 1..<1_000 {
            let t = Double(index) * step
            let term = exp(-q * cosh(t)) * cosh(t / 4)
            sum += term
            if term < sum * 1e-18 { break }
        }
        return sum * step
    }

    /// The exact probability, among all interleavings, of a statistic at least as large (Xiao, Gordon and Yakovlev 2006).
    ///
    /// - Parameters:
    ///   - rankSum: Anderson's U, the weighted sum of squared differences of ranks.
    ///   - first: The size of the first sample.
    ///   - second: The size of the second sample.
    /// - Returns: The p-value.
    package static func exact(rankSum: Double, first: Int, second: Int) -> Double {
        let sizes = SampleSizes(first, second)
        let common = Double(first * sizes.secondReduced)
        let product = Double(first * second)
        let scaled = common * common * Double(first + second) * (6 * rankSum - product * (4 * product - 1))
        let bound = (scaled / (6 * product * product)).rounded(.down)
        guard bound > 0 else { return 1 }
        // Every step adds (a·v - b·u)²; what reaches the bound is only counted.
        let (a, b) = (sizes.secondReduced, sizes.firstReduced)
        var columns = [ValueCounts](repeating: ValueCounts(), count: first + 1)
        columns[0] = ValueCounts(values: [0], counts: [1], reached: 0)
        for u in 0...second {
            var carried = ValueCounts()
            for v in 0...first {
                carried = carried.merged(with: columns[v])
                let gap = a * v - b * u
                carried.add(gap * gap, bound: Int(bound))
                columns[v] = carried
            }
        }
        let last = columns[first]
        return last.reached / (last.reached + last.counts.reduce(0, +))
    }
}

/// How many lattice paths have each value of a growing sum, and how many have passed the bound.
private struct ValueCounts {
    var values: [Int] = []
    var counts: [Double] = []
    var reached = 0.0

    /// The paths of both.
    func merged(with other: ValueCounts) -> ValueCounts {
        var result = ValueCounts()
        result.reached = reached + other.reached
        result.values.reserveCapacity(values.count + other.values.count)
        result.counts.reserveCapacity(values.count + other.values.count)
        var (i, j) = (0, 0)
        while i < values.count || j < other.values.count {
            let left = i < values.count ? values[i] : Int.max
            let right = j < other.values.count ? other.values[j] : Int.max
            let value = min(left, right)
            var count = 0.0
            if left == value {
                count += counts[i]
                i += 1
            }
            if right == value {
                count += other.counts[j]
                j += 1
            }
            result.values.append(value)
            result.counts.append(count)
        }
        return result
    }

    /// Adds to the sum of every path.
    mutating func add(_ amount: Int, bound: Int) {
        for index in values.indices { values[index] += amount }
        while let last = values.last, last >= bound {
            values.removeLast()
            reached += counts.removeLast()
        }
    }
}
