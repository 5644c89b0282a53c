#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Points and weights with which the integral from 0 to 1 of a polynomial is a sum: Gauss and Legendre's rule.
///
/// `n` points are exact up to degree `2n - 1`.
struct QuadratureRule {
    let points: [Double]
    let weights: [Double]

    /// Finds the points with Newton's method.
    init(_ count: Int) {
        var (points, weights) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
        for place in 0..<count {
            var root = cos(Double.pi * (Double(place) + 0.75) / (Double(count) + 0.5))
            var slope = 1.0
            for _ in 0..<100 {
                let legendre = Self.legendre(count, root)
                slope = legendre.slope
                let step = legendre.value / slope
                root -= step
                if abs(step) < 1e-16 { break }
            }
            points[place] = (1 - root) / 2
            weights[place] = 1 / ((1 - root * root) * slope * slope)
        }
        self.points = points
        self.weights = weights
    }

    private static func legendre(_ degree: Int, _ x: Double) -> (value: Double, slope: Double) {
        var (before, value) = (1.0, x)
        for step in stride(from: 2, through: degree, by: 1) {
            (before, value) = (value, (Double(2 * step - 1) * x * value - Double(step - 1) * before) / Double(step))
        }
        return (value, Double(degree) * (x * value - before) / (x * x - 1))
    }
}
