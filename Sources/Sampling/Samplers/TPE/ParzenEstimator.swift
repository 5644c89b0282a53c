package import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A density over some parameters: one kernel for each observation and one for the prior (Optuna 5's estimator).
///
/// Kernels span all its parameters at once, so that what goes together is drawn together.
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
    /// log(weight) and everything else that does not depend on the point, by kernel.
    private let constants: [Double]
    /// log(probability) of choices, by parameter: kernels × choices; empty for numbers.
    private let logChoices: [[Double]]
    /// 1 / deviation, by parameter and kernel; empty for choices.
    private let sharpness: [[Double]]

    /// Estimates the density of observations.
    ///
    /// - Parameters:
    ///   - observations: values in the order of their trials, one number for each parameter of the space.
    ///   - space: the search space.
    ///   - columns: which parameters the density is over; all of them when nil.
    package init(_ observations: [[Double]], in space: SearchSpace, columns: [Int]? = nil) {
        let columns = columns ?? Array(space.parameters.indices)
        let weights = Self.kernelWeights(observations.count)
        var kernels: [Kernels] = []
        var constants = weights.map { log($0) }
        var (logChoices, sharpness) = ([[Double]](), [[Double]]())
        for column in columns {
            let values = observations.map { $0[column] }
            if let range = space.ranges[column] {
                let (means, deviations) = KernelWidths.normals(values, range)
                kernels.append(.numeric(means: means, deviations: deviations))
                Self.add(range, means, deviations, to: &constants)
                sharpness.append(deviations.map { 1 / $0 })
                logChoices.append([])
            } else {
                let rows = Self.choices(values, space.parameters[column].distribution)
                kernels.append(.choice(rows))
                logChoices.append(rows.flatMap { $0.map { log($0) } })
                sharpness.append([])
            }
        }
        self.weights = weights
        self.kernels = kernels
        self.constants = constants
        self.logChoices = logChoices
        self.sharpness = sharpness
        ranges = columns.map { space.ranges[$0] }
    }

    /// The part of a normal kernel's logarithm that is the same everywhere: 1 / (mass · deviation · √2π).
    private static func add(
        _ range: NumericRange,
        _ means: [Double],
        _ deviations: [Double],
        to constants: inout [Double]
    ) {
        let isContinuous = range.step == nil
        for kernel in means.indices {
            let (mean, deviation) = (means[kernel], deviations[kernel])
            let mass = NormalDistribution.logMass((range.low - mean) / deviation, (range.high - mean) / deviation)
            constants[kernel] -= mass
            if isContinuous { constants[kernel] -= log(deviation) + 0.918_938_533_204_672_8 }
        }
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

    private static func choices(_ values: [Double], _ distribution: ParameterDistribution) -> [[Double]] {
        guard case .choice(let words) = distribution else { return [] }
        let count = words.count
        let base = 1 / Double(values.count + 1)
        let total = 1 + base * Double(count)
        let rows = values.map { value in
            (0..<count).map { (base + (Double($0) == value ? 1 : 0)) / total }
        }
        return rows + [Array(repeating: 1 / Double(count), count: count)]
    }

    /// The logarithm of the density at a point.
    package func logDensity(_ point: [Double]) -> Double {
        logDensities([point])[0]
    }

    /// The logarithms of the density at several points.
    package func logDensities(_ points: [[Double]]) -> [Double] {
        var terms = [[Double]](repeating: constants, count: points.count)
        for (column, part) in kernels.enumerated() {
            switch part {
            case .choice: addChoices(column, points, to: &terms)
            case .numeric(let means, let deviations):
                guard let range = ranges[column] else { continue }
                if range.step != nil {
                    SteppedMasses(range, means, deviations).add(points.map { $0[column] }, to: &terms)
                } else {
                    addNormals(column, range, means, points, to: &terms)
                }
            }
        }
        return terms.map(Self.logSum)
    }

    private func addChoices(_ column: Int, _ points: [[Double]], to terms: inout [[Double]]) {
        let logs = logChoices[column]
        let width = logs.count / max(1, constants.count)
        for (row, point) in points.enumerated() {
            guard let choice = Int(exactly: point[column]), (0..<width) ~= choice else { continue }
            for kernel in constants.indices { terms[row][kernel] += logs[kernel * width + choice] }
        }
    }

    private func addNormals(
        _ column: Int,
        _ range: NumericRange,
        _ means: [Double],
        _ points: [[Double]],
        to terms: inout [[Double]]
    ) {
        let sharpness = sharpness[column]
        means.withUnsafeBufferPointer { means in
            sharpness.withUnsafeBufferPointer { sharpness in
                for (row, point) in points.enumerated() {
                    let place = range.place(of: point[column])
                    terms[row].withUnsafeMutableBufferPointer { terms in
                        for kernel in terms.indices {
                            let distance = (place - means[kernel]) * sharpness[kernel]
                            terms[kernel] -= 0.5 * distance * distance
                        }
                    }
                }
            }
        }
    }

    /// log Σ exp; terms that are too small to be seen beside the largest are left out.
    private static func logSum(_ terms: [Double]) -> Double {
        terms.withUnsafeBufferPointer { terms in
            var largest = -Double.infinity
            for term in terms { largest = max(largest, term) }
            guard largest.isFinite else { return largest }
            var sum = 0.0
            for term in terms where term > largest - 42 { sum += exp(term - largest) }
            return largest + log(sum)
        }
    }

    /// Draws a point: a kernel by its weight, then each parameter from that kernel.
    package func sample(_ random: inout SeededGenerator) -> [Double] {
        let kernel = Self.pick(weights, random.uniform())
        return kernels.enumerated().map { column, part in
            switch part {
            case .choice(let rows): return Double(Self.pick(rows[kernel], random.uniform()))
            case .numeric(let means, let deviations):
                guard let range = ranges[column] else { return 0 }
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
