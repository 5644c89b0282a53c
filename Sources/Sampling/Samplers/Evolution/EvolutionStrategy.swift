import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// CMA-ES in the unit cube, as Hansen's tutorial (arXiv 1604.00772) has it; equations are numbered as there.
struct EvolutionStrategy: Sendable {
    let population: Int
    private(set) var mean: [Double]
    private(set) var deviation: Double
    private(set) var covariance: [[Double]]
    private let rates: EvolutionRates
    private var stepPath: [Double]
    private var covariancePath: [Double]
    private var updates = 0
    private let firstDeviation: Double
    /// Eigenvectors as columns and square roots of eigenvalues of the covariance.
    private var axes: [[Double]]
    private var lengths: [Double]
    private var recentBest: [Double] = []

    init(mean: [Double], deviation: Double, population: Int) {
        let count = mean.count
        self.mean = mean
        self.deviation = deviation
        self.population = max(2, population)
        firstDeviation = deviation
        rates = EvolutionRates(dimensions: count, population: max(2, population))
        stepPath = Array(repeating: 0, count: count)
        covariancePath = stepPath
        covariance = Self.identity(count)
        axes = covariance
        lengths = Array(repeating: 1, count: count)
    }

    /// Equation 48.
    static func population(_ dimensions: Int) -> Int {
        4 + Int((3 * log(Double(max(1, dimensions)))).rounded(.down))
    }

    private static func identity(_ count: Int) -> [[Double]] {
        (0..<count).map { row in (0..<count).map { $0 == row ? 1 : 0 } }
    }

    /// Draws a point; outside of the cube it is drawn again, at last it is moved to the border.
    func sample(_ random: inout SeededGenerator) -> [Double] {
        var point = mean
        for _ in 0..<(10 * mean.count) {
            point = draw(&random)
            if point.allSatisfy({ (0...1).contains($0) }) { return point }
        }
        return point.map { min(max($0, 0), 1) }
    }

    private func draw(_ random: inout SeededGenerator) -> [Double] {
        let scaled = lengths.map { $0 * random.normal() }
        return mean.indices.map { row in
            mean[row] + deviation * zip(axes[row], scaled).reduce(0) { $0 + $1.0 * $1.1 }
        }
    }

    /// Moves to where the better half of the points lies, and learns how they were spread.
    mutating func update(_ solutions: [(point: [Double], loss: Double)]) {
        updates += 1
        let ranked = solutions.sorted { $0.loss < $1.loss }
        recentBest.append(ranked.first?.loss ?? 0)
        let steps = ranked.map { zip($0.point, mean).map { ($0 - $1) / deviation } }
        let count = mean.count
        // Equations 41 and 42.
        var shift = [Double](repeating: 0, count: count)
        for (weight, step) in zip(rates.weights, steps.prefix(rates.parents)) {
            for row in 0..<count { shift[row] += weight * step[row] }
        }
        for row in 0..<count { mean[row] += deviation * shift[row] }
        // Equations 43 and 44.
        let white = whitened(shift)
        let gain = (rates.stepRate * (2 - rates.stepRate) * rates.selection).squareRoot()
        for row in 0..<count { stepPath[row] = (1 - rates.stepRate) * stepPath[row] + gain * white[row] }
        let length = stepPath.reduce(0) { $0 + $1 * $1 }.squareRoot()
        deviation = min(deviation * exp(rates.stepRate / rates.damping * (length / rates.expectedLength - 1)), 1e32)
        let decay = pow(1 - rates.stepRate, Double(2 * (updates + 1)))
        let isSteady = length / (1 - decay).squareRoot() < (1.4 + 2 / (Double(count) + 1)) * rates.expectedLength
        learn(steps, shift, isSteady)
        decompose()
    }

    /// Equations 45 to 47.
    private mutating func learn(_ steps: [[Double]], _ shift: [Double], _ isSteady: Bool) {
        let count = mean.count
        let gain = isSteady ? (rates.pathRate * (2 - rates.pathRate) * rates.selection).squareRoot() : 0
        for row in 0..<count { covariancePath[row] = (1 - rates.pathRate) * covariancePath[row] + gain * shift[row] }
        let lost = isSteady ? 0 : rates.pathRate * (2 - rates.pathRate)
        let kept = 1 + rates.rankOne * lost - rates.rankOne - rates.rankMany * rates.weights.reduce(0, +)
        let weights = zip(rates.weights, steps).map { weight, step in
            guard weight < 0 else { return weight }
            return weight * Double(count) / (whitened(step).reduce(0) { $0 + $1 * $1 } + 1e-8)
        }
        for row in 0..<count {
            for column in 0...row {
                var value = kept * covariance[row][column]
                value += rates.rankOne * covariancePath[row] * covariancePath[column]
                for (weight, step) in zip(weights, steps) {
                    value += rates.rankMany * weight * step[row] * step[column]
                }
                covariance[row][column] = value
                covariance[column][row] = value
            }
        }
    }

    /// C^(-1/2) · vector.
    private func whitened(_ vector: [Double]) -> [Double] {
        let count = vector.count
        let turned = (0..<count).map { axis in
            (0..<count).reduce(0.0) { $0 + axes[$1][axis] * vector[$1] } / lengths[axis]
        }
        return (0..<count).map { row in zip(axes[row], turned).reduce(0) { $0 + $1.0 * $1.1 } }
    }

    private mutating func decompose() {
        let (values, vectors) = JacobiEigen.decompose(covariance)
        axes = vectors
        lengths = values.map { $0 < 0 ? 1e-8 : max($0, 1e-300) }.map { $0.squareRoot() }
    }

    /// Whether further generations would change nothing that can be seen.
    var hasConverged: Bool {
        let count = mean.count
        let window = 10 + Int((30 * Double(count) / Double(population)).rounded(.up))
        if recentBest.count > window, let low = recentBest.suffix(window).min(),
            let high = recentBest.suffix(window).max(), high - low < 1e-12
        {
            return true
        }
        let spread = (0..<count).map { deviation * covariance[$0][$0].squareRoot() }
        if spread.allSatisfy({ $0 < 1e-12 * firstDeviation }) { return true }
        guard let longest = lengths.max(), let shortest = lengths.min() else { return true }
        if deviation * longest > 1e4 || longest / shortest > 1e7 { return true }
        return zip(mean, spread).contains { $0 == $0 + 0.2 * $1 }
    }
}

/// The learning rates of CMA-ES, which depend on the dimensions and the population alone.
struct EvolutionRates: Sendable {
    let weights: [Double]
    let parents: Int
    let selection: Double
    let rankOne: Double
    let rankMany: Double
    let stepRate: Double
    let damping: Double
    let pathRate: Double
    let expectedLength: Double

    init(dimensions: Int, population: Int) {
        let count = Double(dimensions)
        let raw = (0..<population).map { log(Double(population + 1) / 2) - log(Double($0 + 1)) }
        parents = population / 2
        func effective(_ part: ArraySlice<Double>) -> Double {
            let squares = part.reduce(0) { $0 + $1 * $1 }
            let sum = part.reduce(0, +)
            return squares > 0 ? sum * sum / squares : 0
        }
        selection = effective(raw[..<parents])
        let negative = effective(raw[parents...])
        rankOne = 2 / ((count + 1.3) * (count + 1.3) + selection)
        let many = 2 * (selection - 2 + 1 / selection) / ((count + 2) * (count + 2) + selection)
        rankMany = min(1 - rankOne - 1e-8, many)
        let bound = min(1 + rankOne / rankMany, 1 + 2 * negative / (selection + 2))
        let smallest = min(bound, (1 - rankOne - rankMany) / (count * rankMany))
        let positiveSum = raw.filter { $0 > 0 }.reduce(0, +)
        let negativeSum = -raw.filter { $0 < 0 }.reduce(0, +)
        weights = raw.map { $0 >= 0 ? $0 / positiveSum : smallest / negativeSum * $0 }
        stepRate = (selection + 2) / (count + selection + 5)
        damping = 1 + 2 * max(0, ((selection - 1) / (count + 1)).squareRoot() - 1) + stepRate
        pathRate = (4 + selection / count) / (count + 4 + 2 * selection / count)
        expectedLength = count.squareRoot() * (1 - 1 / (4 * count) + 1 / (21 * count * count))
    }
}
