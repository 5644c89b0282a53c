import Foundation

/// P-values of the two-sample Anderson–Darling statistic by interpolation (Scholz and Stephens 1987, Table 2).
///
/// A quadratic through the logarithms of the tabulated levels; outside the table the p-value stays at its ends, as in SciPy.
package enum AndersonDarlingDistribution {
    private static let levels = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001]
    /// b0 + b1 + b2 of the table: the critical values for two samples.
    private static let critical = [
        0.675 - 0.245 - 0.105, 1.281 + 0.25 - 0.305, 1.645 + 0.678 - 0.362, 1.96 + 1.149 - 0.391,
        2.326 + 1.822 - 0.396, 2.573 + 2.364 - 0.345, 3.085 + 3.615 - 0.154,
    ]
    private static let curve = Quadratic(fitting: zip(critical, levels).map { ($0, log($1)) })

    /// The p-value of a standardised statistic, 0.001 to 0.25.
    package static func survival(_ statistic: Double) -> Double {
        guard statistic >= critical[0] else { return levels[0] }
        guard statistic <= critical[6] else { return levels[6] }
        return exp(curve(statistic))
    }
}

/// A parabola through points by least squares.
private struct Quadratic: Sendable {
    private let mean: Double
    private let coefficients: (Double, Double, Double)

    /// Fits in centred, orthogonal polynomials (Forsythe 1957); needs three different abscissae.
    init(fitting points: [(x: Double, y: Double)]) {
        let count = Double(points.count)
        let mean = points.map(\.x).reduce(0, +) / count
        let centred = points.map { (x: $0.x - mean, y: $0.y) }
        let square = centred.map { $0.x * $0.x }.reduce(0, +)
        let skew = centred.map { $0.x * $0.x * $0.x }.reduce(0, +) / square
        // The polynomials are 1, x, and x² - skew·x - square/count.
        func third(_ x: Double) -> Double { x * x - skew * x - square / count }
        let norm = centred.map { third($0.x) * third($0.x) }.reduce(0, +)
        let constant = centred.map(\.y).reduce(0, +) / count
        let linear = centred.map { $0.x * $0.y }.reduce(0, +) / square
        let quadratic = centred.map { third($0.x) * $0.y }.reduce(0, +) / norm
        self.mean = mean
        coefficients = (constant - quadratic * square / count, linear - quadratic * skew, quadratic)
    }

    func callAsFunction(_ x: Double) -> Double {
        let offset = x - mean
        return coefficients.0 + (coefficients.1 + coefficients.2 * offset) * offset
    }
}
