#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The line that maps the log-odds of probabilities onto what came true (Cox 1958), by Newton's method.
struct LogisticRecalibration {
    /// The slope, 1 when calibrated.
    let slope: MetricValue
    /// The intercept, 0 when calibrated.
    let intercept: MetricValue

    private static let steps = 100

    /// Fits the line; without both outcomes, with one probability for all or with outcomes that the line separates, there
    /// is none.
    init(probabilities: [Double], isPositive: [Bool]) {
        let count = min(probabilities.count, isPositive.count)
        let positives = isPositive.count { $0 }
        let odds = probabilities.map { probability in
            let inside = min(max(probability, 1e-12), 1 - 1e-12)
            return log(inside / (1 - inside))
        }
        let lowest = odds.min() ?? 0
        let reason: String
        if positives == 0 || positives == count {
            reason = "every row has the same outcome"
        } else if odds.allSatisfy({ $0 == lowest }) {
            reason = "every row has the same probability"
        } else if let fit = Self.fit(odds, isPositive) {
            slope = MetricValue("calibration_slope", fit.slope, standardError: fit.slopeError, count: count)
            intercept = MetricValue("calibration_intercept", fit.intercept, standardError: fit.error, count: count)
            return
        } else {
            reason = "the probabilities separate the outcomes, so that no finite line fits"
        }
        slope = MetricValue("calibration_slope", count: count, because: reason)
        intercept = MetricValue("calibration_intercept", count: count, because: reason)
    }

    private struct Fit {
        var intercept: Double
        var slope: Double
        var error = 0.0
        var slopeError = 0.0
    }

    private static func fit(_ odds: [Double], _ isPositive: [Bool]) -> Fit? {
        let share = Double(isPositive.count { $0 }) / Double(isPositive.count)
        var fit = Fit(intercept: log(share / (1 - share)), slope: 0)
        var likelihood = likelihood(fit, odds, isPositive)
        for _ in 0..<steps {
            var (g0, g1, h00, h01, h11) = (0.0, 0.0, 0.0, 0.0, 0.0)
            for (odd, positive) in zip(odds, isPositive) {
                let expected = 1 / (1 + exp(-(fit.intercept + fit.slope * odd)))
                let (rest, weight) = ((positive ? 1 : 0) - expected, expected * (1 - expected))
                g0 += rest
                g1 += rest * odd
                h00 += weight
                h01 += weight * odd
                h11 += weight * odd * odd
            }
            let determinant = h00 * h11 - h01 * h01
            guard determinant > 1e-12 * h00 * h11, determinant.isFinite else { return nil }
            let (step, slopeStep) = ((h11 * g0 - h01 * g1) / determinant, (h00 * g1 - h01 * g0) / determinant)
            fit.error = (h11 / determinant).squareRoot()
            fit.slopeError = (h00 / determinant).squareRoot()
            var (next, reached, scale) = (fit, -Double.infinity, 1.0)
            // A full step may overshoot where the weights vanish.
            for _ in 0..<30 {
                next.intercept = fit.intercept + scale * step
                next.slope = fit.slope + scale * slopeStep
                reached = Self.likelihood(next, odds, isPositive)
                if reached >= likelihood - 1e-9 * abs(likelihood) { break }
                scale /= 2
            }
            let moved = abs(next.intercept - fit.intercept) + abs(next.slope - fit.slope)
            (fit, likelihood) = (next, reached)
            guard abs(fit.slope) < 1e4, abs(fit.intercept) < 1e6 else { return nil }
            if moved < 1e-11 * (1 + abs(fit.intercept) + abs(fit.slope)) { return fit }
        }
        return nil
    }

    private static func likelihood(_ fit: Fit, _ odds: [Double], _ isPositive: [Bool]) -> Double {
        zip(odds, isPositive).reduce(0) { sum, row in
            let line = fit.intercept + fit.slope * row.0
            // log(1 + exp(line)) without overflow.
            return sum + (row.1 ? line : 0) - max(line, 0) - log1p(exp(-abs(line)))
        }
    }
}

/// The test of Hosmer and Lemeshow (1980): expected against observed positives over groups of equal size.
struct HosmerLemeshow {
    /// The statistic.
    let statistic: MetricValue
    /// Its p-value against the chi-squared distribution with two degrees of freedom fewer than groups.
    let pValue: Double?

    /// Cuts the rows in order of probability into groups; rows of equal probability stay together.
    init(probabilities: [Double], isPositive: [Bool], groups: Int) {
        let order = zip(probabilities, isPositive).sorted { $0.0 < $1.0 }
        var (sum, used, start) = (0.0, 0, 0)
        var isDefined = true
        while start < order.count {
            // A group ends where its share of the rows is reached and the next probability is another one.
            let share = Double(used + 1) * Double(order.count) / Double(groups)
            var end = max(start + 1, min(order.count, Int(share.rounded())))
            while end < order.count, order[end].0 == order[end - 1].0 { end += 1 }
            let rows = order[start..<end]
            let expected = Sums.sum(rows.map(\.0))
            let observed = Double(rows.count { $0.1 })
            let spread = expected * (1 - expected / Double(rows.count))
            if spread > 0 {
                sum += (observed - expected) * (observed - expected) / spread
            } else if observed != expected {
                isDefined = false
            }
            used += 1
            start = end
        }
        guard used > 2, isDefined else {
            let reason =
                used > 2
                ? "a group of rows has probabilities of 0 or 1 only, and another outcome"
                : "fewer than three groups of different probabilities"
            statistic = MetricValue("hosmer_lemeshow", count: order.count, because: reason)
            pValue = nil
            return
        }
        statistic = MetricValue("hosmer_lemeshow", sum, count: order.count)
        pValue = statistic.value.map { Self.survival($0, freedom: used - 2) }
    }

    /// The upper tail of the chi-squared distribution with whole degrees of freedom.
    static func survival(_ value: Double, freedom: Int) -> Double {
        guard value > 0 else { return 1 }
        let half = value / 2
        var (tail, order) = freedom.isMultiple(of: 2) ? (exp(-half), 2) : (erfc(half.squareRoot()), 1)
        // The next term of the recurrence, by its logarithm so that far tails stay finite.
        while order < freedom {
            let power = Double(order) / 2
            var sign: Int32 = 0
            tail += exp(power * log(half) - half - lgamma_r(power + 1, &sign))
            order += 2
        }
        return min(tail, 1)
    }
}
