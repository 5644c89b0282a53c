import Foundation

/// The distribution of the one-sample, two-sided Kolmogorov statistic D for a finite number of values.
///
/// The choice of formula by region is that of Simard and L'Ecuyer, "Computing the Two-Sided Kolmogorov-Smirnov
/// Distribution", Journal of Statistical Software 39 (2011), which SciPy's `kstwo` follows too.
package enum KolmogorovDistribution {
    /// The probability that D exceeds `distance` for `count` values; `count` is at least 1.
    package static func survival(_ distance: Double, count: Int) -> Double {
        guard distance > 0 else { return 1 }
        guard distance < 1 else { return 0 }
        let n = Double(count)
        let t = n * distance
        if t <= 0.5 { return 1 }
        if t <= 1 { return clamp(1 - rubenGambino(t, count: count)) }
        if t >= n - 1 { return clamp(2 * pow(1 - distance, n)) }
        if distance >= 0.5 { return clamp(2 * oneSidedSurvival(distance, count: count)) }
        let squared = t * distance
        if count <= 140 {
            guard squared <= 4 else { return clamp(2 * oneSidedSurvival(distance, count: count)) }
            return clamp(1 - durbin(distance, count: count))
        }
        if squared >= 370 { return 0 }
        if squared >= 2.2 { return clamp(2 * oneSidedSurvival(distance, count: count)) }
        // Below this the cumulative probability is under 1e-17: the survival rounds to 1.
        if squared < 0.03 { return 1 }
        // Past 3,000 values the expansion is within 3e-10 here, and the matrix would cost milliseconds.
        if count <= 3_000, n * pow(distance, 1.5) <= 1.4 { return clamp(1 - durbin(distance, count: count)) }
        return clamp(1 - pelzGood(distance, count: count))
    }

    private static func clamp(_ value: Double) -> Double { min(max(value, 0), 1) }

    /// The cumulative probability n!·(2d - 1/n)^n, valid for 1/2n ≤ d ≤ 1/n; `t` is n·d.
    private static func rubenGambino(_ t: Double, count: Int) -> Double {
        let n = Double(count)
        return exp(logFactorial(n) + n * (log(2 * t - 1) - log(n)))
    }

    /// The one-sided survival (Smirnov): a sum of positive terms by Birnbaum and Tingey 1951.
    ///
    /// The terms are a smooth bell of width n / 4√(n·d²) or more that vanishes at both ends, so every stride that is short
    /// beside the width gives the sum to rounding (the trapezoidal rule); a large n costs no more than a small one.
    private static func oneSidedSurvival(_ distance: Double, count: Int) -> Double {
        let n = Double(count)
        let width = n.squareRoot() / (4 * distance)
        let stride = max(1, (width / 16).rounded(.down))
        let logFactorialCount = logFactorial(n)
        var sum = 0.0
        var j = 0.0
        while j <= n {
            let edge = distance + j / n
            guard edge < 1 else { break }
            let logBinomial = logFactorialCount - logFactorial(j) - logFactorial(n - j)
            sum += exp(log(distance) + logBinomial + (j - 1) * log(edge) + (n - j) * log1p(-edge))
            j += stride
        }
        return stride * sum
    }

    /// The cumulative probability by Durbin's matrix (Marsaglia, Tsang and Wang 2003), as n vector products.
    ///
    /// The matrix holds 1/(i-j+1)! save for its first column and last row; factorials past 25 are below rounding, which
    /// makes the product a short convolution. Each step carries the n-th root of n!/n^n, so nothing overflows.
    private static func durbin(_ distance: Double, count: Int) -> Double {
        let n = Double(count)
        let t = n * distance
        let k = Int(t.rounded(.up))
        let h = Double(k) - t
        let size = 2 * k - 1
        let reach = 25
        var inverse = [1.0]
        for term in 1...(max(size, reach) + 1) { inverse.append(inverse[term - 1] / Double(term)) }
        // Corrections of the first column (by row) and of the last row (by column).
        let first = (0..<size).map { pow(h, Double($0 + 1)) * inverse[$0 + 1] }
        let corner = pow(max(2 * h - 1, 0), Double(size)) * inverse[size]
        let root = exp((logFactorial(n) - n * log(n)) / n)
        var vector = [Double](repeating: 0, count: size)
        var next = vector
        vector[k - 1] = 1
        for _ in 0..<count {
            let last = vector[size - 1]
            for column in 0..<size {
                var sum = 0.0
                for row in max(column - 1, 0)..<min(column + reach, size) {
                    sum += vector[row] * inverse[row - column + 1]
                }
                next[column] = (sum - last * first[size - 1 - column]) * root
            }
            var head = 0.0
            for row in 0..<size { head += vector[row] * first[row] }
            // The corner is corrected by the column and by the row: one of the two h^m terms was taken above.
            next[0] += (last * corner - head) * root
            swap(&vector, &next)
        }
        return clamp(vector[k - 1])
    }

    /// The cumulative probability by the expansion of Pelz and Good 1976, in powers of 1/√n.
    private static func pelzGood(_ distance: Double, count: Int) -> Double {
        let n = Double(count)
        let z = n.squareRoot() * distance
        let (z2, z4) = (z * z, z * z * z * z)
        let z6 = z4 * z2
        let p2 = Double.pi * Double.pi
        let (p4, p6) = (p2 * p2, p2 * p2 * p2)
        let terms = Int((16 * z / Double.pi).rounded(.up))
        var (k0, k1, k2, k3) = (0.0, 0.0, 0.0, 0.0)
        var (extra2, extra3) = (0.0, 0.0)
        for term in stride(from: terms, through: 1, by: -1) {
            let m2 = Double((2 * term - 1) * (2 * term - 1))
            let (m4, m6) = (m2 * m2, m2 * m2 * m2)
            let weight = exp(-p2 * m2 / (8 * z2))
            k0 += weight
            k1 += weight * (p2 / 4 * m2 - z2)
            let second = (2 * z4 - 5 * z2) * p2 / 4 * m2 + p4 * (1 - 2 * z2) / 16 * m4
            k2 += weight * (6 * z6 + 2 * z4 + second)
            let thirdLow = (135 * z4 - 96 * z6) * p2 / 4 * m2 + (212 * z4 - 60 * z2) * p4 / 16 * m4
            k3 += weight * (thirdLow + p6 * (5 - 30 * z2) / 64 * m6 - 30 * z6 - 90 * z4 * z4)
            let square = Double(term * term)
            let tail = square * exp(-p2 * square / (2 * z2))
            extra2 += tail
            extra3 += tail * (3 * z2 - p2 * square)
        }
        let root = (2 * Double.pi).squareRoot()
        k0 *= root / z
        k1 *= root / (6 * z4)
        k2 = k2 * root / (72 * z6 * z) - extra2 * p2 * root / (36 * z2 * z)
        k3 = k3 * root / (6_480 * z6 * z4) + extra3 * p2 * root / (216 * z6)
        return clamp(k0 + k1 / n.squareRoot() + k2 / n + k3 / (n * n.squareRoot()))
    }
}
