package import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A density over a whole search space: one kernel for each observation and one for the prior (Optuna 5's estimator).
///
/// Kernels span all parameters at once, so that what goes together is drawn together.
package struct ParzenEstimator: Sendable {
    /// One parameter's part of every kernel; the prior's stands last.
    package enum Kernels: Sendable {
        /// Normal kernels cut off at the range's ends; places as in the range, so logarithms where it has them.
        case numeric(means: [Double], deviations: [Double])
        /// A probability for each choice, by kernel.
        case choice([[Double]])
    }

    /// The kernels' weights, which add up to 1.
    package let weights: [Double]
    /// The kernels by parameter.
    package let kernels: [Kernels]
    private let ranges: [NumericRange?]
    /// log(mass of a kernel within its range), by parameter and kernel.
    private let logMasses: [[Double]]
    private let logWeights: [Double]

    /// Estimates the density of observations.
    ///
    /// - Parameters:
    ///   - observations: values in the order of their trials, one number for each parameter.
    ///   - space: the search space.
    package init(_ observations: [[Double]], in space: SearchSpace) {
        let weights = Self.kernelWeights(observations.count)
        let ranges = space.parameters.map { $0.distribution.numeric }
        let kernels = space.parameters.enumerated().map { index, parameter in
            let values = observations.map { $0[index] }
            if case .choice(let words) = parameter.distribution { return Self.choices(values, words.count) }
            return ranges[index].map { Self.normals(values, $0) } ?? Kernels.choice([])
        }
        logMasses = zip(kernels, ranges).map { kernels, range in
            guard let range, case .numeric(let means, let deviations) = kernels else { return [] }
            return zip(means, deviations).map { mean, deviation in
                NormalDistribution.logMass((range.low - mean) / deviation, (range.high - mean) / deviation)
            }
        }
        self.weights = weights
        self.kernels = kernels
        self.ranges = ranges
        logWeights = weights.map { log($0) }
    }

    /// Observations weigh 1 while there are fewer than 25, then older ones less, down to 1/n; the prior weighs 1.
    package static func observationWeights(_ count: Int) -> [Double] {
        guard count >= 25 else { return Array(repeating: 1, count: count) }
        let ramp = count - 25
        let first = 1 / Double(count)
        let slope = ramp > 1 ? (1 - first) / Double(ramp - 1) : 0
        return (0..<count).map { $0 < ramp ? first + slope * Double($0) : 1 }
    }

    private static func kernelWeights(_ count: Int) -> [Double] {
        let weights = observationWeights(count) + [1]
        let total = weights.reduce(0, +)
        return weights.map { $0 / total }
    }

    private static func choices(_ values: [Double], _ count: Int) -> Kernels {
        let base = 1 / Double(values.count + 1)
        let total = 1 + base * Double(count)
        let rows = values.map { value in
            (0..<count).map { (base + (Double($0) == value ? 1 : 0)) / total }
        }
        return .choice(rows + [Array(repeating: 1 / Double(count), count: count)])
    }

    /// A kernel is as wide as the larger gap to its neighbours, within bounds that shrink with more observations.
    private static func normals(_ values: [Double], _ range: NumericRange) -> Kernels {
        let places = values.map(range.place(of:))
        let order = places.indices.sorted { (places[$0], $0) < (places[$1], $1) }
        let sorted = [range.low] + order.map { places[$0] } + [range.high]
        let width = range.high - range.low
        let narrowest = width / Double(min(100, values.count + 2))
        var deviations = [Double](repeating: 0, count: values.count)
        for (rank, index) in order.enumerated() {
            let (below, above) = (sorted[rank + 1] - sorted[rank], sorted[rank + 2] - sorted[rank + 1])
            var gap = max(below, above)
            // The range's ends are no observations: beside others, the outermost kernels look inwards only.
            if values.count >= 2, rank == 0 { gap = above }
            if values.count >= 2, rank == values.count - 1 { gap = below }
            deviations[index] = min(max(gap, narrowest), width)
        }
        return .numeric(means: places + [(range.low + range.high) / 2], deviations: deviations + [width])
    }

    /// The logarithm of the density at a point.
    package func logDensity(_ point: [Double]) -> Double {
        var terms = logWeights
        for (index, value) in point.enumerated() {
            switch kernels[index] {
            case .choice(let rows):
                guard let choice = Int(exactly: value) else { continue }
                for kernel in terms.indices where rows[kernel].indices.contains(choice) {
                    terms[kernel] += log(rows[kernel][choice])
                }
            case .numeric(let means, let deviations):
                guard let range = ranges[index] else { continue }
                add(value, range, means, deviations, logMasses[index], to: &terms)
            }
        }
        let largest = terms.max() ?? -.infinity
        guard largest.isFinite else { return largest }
        return largest + log(terms.reduce(0) { $0 + exp($1 - largest) })
    }

    private func add(
        _ value: Double,
        _ range: NumericRange,
        _ means: [Double],
        _ deviations: [Double],
        _ logMasses: [Double],
        to terms: inout [Double]
    ) {
        if let cell = range.cell(of: value) {
            for kernel in terms.indices {
                let (mean, deviation) = (means[kernel], deviations[kernel])
                let mass = NormalDistribution.logMass((cell.low - mean) / deviation, (cell.high - mean) / deviation)
                terms[kernel] += mass - logMasses[kernel]
            }
            return
        }
        let place = range.place(of: value)
        let constant = 0.5 * log(2 * Double.pi)
        for kernel in terms.indices {
            let distance = (place - means[kernel]) / deviations[kernel]
            terms[kernel] -= 0.5 * distance * distance + constant + log(deviations[kernel]) + logMasses[kernel]
        }
    }

    /// Draws a point: a kernel by its weight, then each parameter from that kernel.
    package func sample(_ random: inout SeededGenerator) -> [Double] {
        let kernel = Self.pick(weights, random.uniform())
        return kernels.enumerated().map { index, parameter in
            switch parameter {
            case .choice(let rows): return Double(Self.pick(rows[kernel], random.uniform()))
            case .numeric(let means, let deviations):
                guard let range = ranges[index] else { return 0 }
                let (mean, deviation) = (means[kernel], deviations[kernel])
                let below = NormalDistribution.cumulative((range.low - mean) / deviation)
                let above = NormalDistribution.cumulative((range.high - mean) / deviation)
                let quantile = NormalDistribution.quantile(below + random.uniform() * (above - below))
                return range.value(at: min(max(mean + deviation * quantile, range.low), range.high))
            }
        }
    }

    private static func pick(_ shares: [Double], _ uniform: Double) -> Int {
        var rest = uniform
        for (index, share) in shares.enumerated() {
            rest -= share
            if rest < 0 { return index }
        }
        return shares.count - 1
    }
}
