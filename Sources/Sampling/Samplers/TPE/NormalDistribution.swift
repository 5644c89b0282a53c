#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The standard normal distribution, accurate in the tails.
enum NormalDistribution {
    /// The probability below `x`.
    static func cumulative(_ x: Double) -> Double {
        0.5 * erfc(-x * 0.5.squareRoot())
    }

    /// The logarithm of the probability below `x`.
    static func logCumulative(_ x: Double) -> Double {
        if x > 6 { return -cumulative(-x) }
        if x > -20 { return log(cumulative(x)) }
        // Asymptotic series of the Mills ratio (Abramowitz and Stegun 26.2.12).
        let square = 1 / (x * x)
        let series = 1 - square * (1 - 3 * square * (1 - 5 * square * (1 - 7 * square)))
        return -0.5 * x * x - log(-x) - 0.5 * log(2 * Double.pi) + log(series)
    }

    /// The logarithm of the probability between `a` and `b`, for a ≤ b.
    static func logMass(_ a: Double, _ b: Double) -> Double {
        if b <= 0 { return logDifference(logCumulative(b), logCumulative(a)) }
        if a > 0 { return logDifference(logCumulative(-a), logCumulative(-b)) }
        return log1p(-cumulative(a) - cumulative(-b))
    }

    /// log(exp(larger) − exp(smaller)).
    private static func logDifference(_ larger: Double, _ smaller: Double) -> Double {
        larger + log1p(-exp(smaller - larger))
    }

    /// The value below which the share `p` lies (Acklam 2003, then one step of Halley's method).
    static func quantile(_ p: Double) -> Double {
        guard p > 0 else { return -.infinity }
        guard p < 1 else { return .infinity }
        let start = approximateQuantile(p)
        let error = cumulative(start) - p
        let step = error * (2 * Double.pi).squareRoot() * exp(start * start / 2)
        let refined = start - step / (1 + start * step / 2)
        return refined.isFinite ? refined : start
    }

    private static func approximateQuantile(_ p: Double) -> Double {
        let a = [
            -3.969683028665376e+01, 2.209460984245205e+02, -2.759285104469687e+02, 1.383577518672690e+02,
            -3.066479806614716e+01, 2.506628277459239e+00,
        ]
        let b = [
            -5.447609879822406e+01, 1.615858368580409e+02, -1.556989798598866e+02, 6.680131188771972e+01,
            -1.328068155288572e+01, 1,
        ]
        let c = [
            -7.784894002430293e-03, -3.223964580411365e-01, -2.400758277161838e+00, -2.549732539343734e+00,
            4.374664141464968e+00, 2.938163982698783e+00,
        ]
        let d = [7.784695709041462e-03, 3.224671290700398e-01, 2.445134137142996e+00, 3.754408661907416e+00, 1]
        if p < 0.02425 {
            let q = (-2 * log(p)).squareRoot()
            return polynomial(c, q) / polynomial(d, q)
        }
        if p > 1 - 0.02425 {
            let q = (-2 * log(1 - p)).squareRoot()
            return -polynomial(c, q) / polynomial(d, q)
        }
        let q = p - 0.5
        return polynomial(a, q * q) * q / polynomial(b, q * q)
    }

    private static func polynomial(_ coefficients: [Double], _ x: Double) -> Double {
        coefficients.reduce(0) { $0 * x + $1 }
    }
}
