import Core
import Foundation

/// The two-sample Kolmogorov–Smirnov test of whether two samples are drawn from one continuous distribution.
///
/// Statistic and p-values follow SciPy's `ks_2samp`. The statistic is kept as an integer in units of one over the least
/// common multiple of the sample sizes, so that ties and rounding cannot move it.
package enum KolmogorovSmirnov {
    /// Which deviation counts.
    package enum Alternative: String, Sendable, CaseIterable {
        /// The distributions differ in any direction.
        case twoSided = "two-sided"
        /// The first distribution function lies below the second somewhere.
        case less
        /// The first distribution function lies above the second somewhere.
        case greater
    }

    /// How the p-value is computed.
    package enum Method: String, Sendable, CaseIterable {
        /// Exact for samples up to `StatisticsLimits.exactSampleSize`, asymptotic above.
        case automatic
        /// Counts lattice paths; falls back to asymptotic where the one-sided count exceeds a double, as SciPy does.
        case exact
        /// The one-sample distribution at the effective sample size (two-sided), Hodges' expansion (one-sided).
        case asymptotic
    }

    /// The outcome of a test.
    package struct Result: Sendable, Equatable {
        /// The largest distance between the empirical distribution functions, 0 to 1.
        package let statistic: Double
        /// The probability of at least this distance under the hypothesis of one distribution.
        package let pValue: Double
        /// How the p-value was computed in the end.
        package let method: Method
    }

    /// Tests two samples; the values may be unsorted, all must be finite.
    ///
    /// - Throws: `failedPrecondition` for an empty sample or too few values for the asymptotic method, `invalidArgument`
    ///   for NaN or infinity, `payloadTooLarge` past `StatisticsLimits.columnValues`.
    package static func test(
        _ first: [Double],
        _ second: [Double],
        alternative: Alternative = .twoSided,
        method: Method = .automatic
    ) throws -> Result {
        for (name, sample) in [("first", first), ("second", second)] where !sample.allSatisfy(\.isFinite) {
            throw MartletError(
                .invalidArgument,
                "The \(name) sample contains NaN or infinity; remove such values before a Kolmogorov–Smirnov test."
            )
        }
        return try test(sorted: first.sorted(), second.sorted(), alternative: alternative, method: method)
    }

    /// Tests two samples that are sorted in ascending order already.
    ///
    /// - Throws: as `test(_:_:alternative:method:)`, save that the values are not looked at.
    package static func test<Value: Comparable>(
        sorted first: [Value],
        _ second: [Value],
        alternative: Alternative = .twoSided,
        method: Method = .automatic
    ) throws -> Result {
        guard !first.isEmpty, !second.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "A Kolmogorov–Smirnov test needs values in both samples; they have \(first.count) and \(second.count)."
            )
        }
        let largest = max(first.count, second.count)
        guard largest <= StatisticsLimits.columnValues else {
            throw MartletError(
                .payloadTooLarge,
                "A sample has \(largest) values; the limit is \(StatisticsLimits.columnValues). Sample it first."
            )
        }
        let sizes = SampleSizes(first.count, second.count)
        let gap = largestGap(first, second, sizes: sizes, alternative: alternative)
        if method != .asymptotic, method == .exact || largest <= StatisticsLimits.exactSampleSize {
            if let pValue = LatticePaths.probability(ofReaching: gap, sizes: sizes, twoSided: alternative == .twoSided)
            {
                return Result(statistic: sizes.distance(of: gap), pValue: pValue, method: .exact)
            }
        }
        let statistic = sizes.distance(of: gap)
        let pValue = try asymptoticPValue(statistic, sizes: sizes, twoSided: alternative == .twoSided)
        return Result(statistic: statistic, pValue: pValue, method: .asymptotic)
    }

    /// The largest difference of the empirical distribution functions, in units of one over the least common multiple.
    ///
    /// Within a run of equal values of one sample the difference moves one way, so looking at every step of it is harmless;
    /// values that both samples have are taken as one step.
    private static func largestGap<Value: Comparable>(
        _ first: [Value],
        _ second: [Value],
        sizes: SampleSizes,
        alternative: Alternative
    ) -> Int {
        let (up, down) = (sizes.secondReduced, sizes.firstReduced)
        var (difference, above, below) = (0, 0, 0)
        first.withUnsafeBufferPointer { first in
            second.withUnsafeBufferPointer { second in
                var (i, j) = (0, 0)
                while i < first.count, j < second.count {
                    let (left, right) = (first[i], second[j])
                    if left == right {
                        while i < first.count, first[i] == left { (i, difference) = (i &+ 1, difference &+ up) }
                        while j < second.count, second[j] == left { (j, difference) = (j &+ 1, difference &- down) }
                    } else {
                        // Without a branch: which sample comes next is a coin's throw.
                        let step = left < right ? 1 : 0
                        i &+= step
                        j &+= 1 &- step
                        difference &+= step &* (up &+ down) &- down
                    }
                    above = max(above, difference)
                    below = min(below, difference)
                }
            }
        }
        return switch alternative {
        case .twoSided: max(above, -below)
        case .less: -below
        case .greater: above
        }
    }

    /// The p-value from the limiting forms.
    private static func asymptoticPValue(_ statistic: Double, sizes: SampleSizes, twoSided: Bool) throws -> Double {
        let larger = Double(max(sizes.first, sizes.second))
        let smaller = Double(min(sizes.first, sizes.second))
        let effective = larger * smaller / (larger + smaller)
        guard twoSided else {
            // Hodges 1958, eq. 5.3.
            let z = effective.squareRoot() * statistic
            let correction = 2 * z * (larger + 2 * smaller) / (larger * smaller * (larger + smaller)).squareRoot() / 3
            return min(max(exp(-2 * z * z - correction), 0), 1)
        }
        guard let count = Int(exactly: effective.rounded(.toNearestOrEven)), count >= 1 else {
            throw MartletError(
                .failedPrecondition,
                "Samples of \(sizes.first) and \(sizes.second) values are too few for the asymptotic method; use exact."
            )
        }
        return KolmogorovDistribution.survival(statistic, count: count)
    }
}

/// Two sample sizes and what the lattice-path count needs of them.
struct SampleSizes: Sendable, Equatable {
    let first: Int
    let second: Int
    let firstReduced: Int
    let secondReduced: Int

    /// Sizes of at least one value each.
    init(_ first: Int, _ second: Int) {
        var (divisor, rest) = (first, second)
        while rest != 0 { (divisor, rest) = (rest, divisor % rest) }
        self.first = first
        self.second = second
        firstReduced = first / divisor
        secondReduced = second / divisor
    }

    /// The distance, 0 to 1, that a gap in lattice units stands for.
    func distance(of gap: Int) -> Double { Double(gap) / Double(firstReduced * second) }
}
