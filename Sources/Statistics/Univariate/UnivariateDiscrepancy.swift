package import Core
import Foundation

/// The maximum mean discrepancy of one feature, as Evidently's `empirical_mmd`.
///
/// A Gaussian kernel whose variance is half the median squared distance within the reference (pairs with themselves
/// included), the unbiased estimate, and 100 permutations.
package struct UnivariateDiscrepancy: UnivariateDetector {
    package let method = UnivariateMethod.empiricalDiscrepancy
    package let threshold: Double
    /// The kernel's width.
    package let bandwidth: Double
    private let reference: SortedSample
    private static let permutations = 100

    /// Prepares the kernel's width.
    ///
    /// - Parameters:
    ///   - reference: The values to compare with.
    ///   - threshold: The bound that a p-value must be strictly below to be drift.
    /// - Throws: `failedPrecondition` for fewer than two values, `payloadTooLarge` past `StatisticsLimits.kernelRows`.
    package init(reference: UnivariateSample, threshold: Double) throws(MartletError) {
        self.threshold = threshold
        self.reference = try SortedSample(reference, for: method, side: "reference")
        bandwidth = Self.bandwidth(self.reference.values)
        try check(current: 2)
    }

    package func compare(_ current: UnivariateSample) throws(MartletError) -> UnivariateResult {
        let values = try SortedSample(current, for: method, side: "current").values
        try check(current: values.count)
        let kernel = Kernel(reference.values + values, bandwidth: bandwidth)
        let order = Array(0..<(reference.count + values.count))
        let observed = kernel.discrepancy(order, first: reference.count)
        // The values choose the permutations: the same ones for all samples would err for all in the same direction.
        var generator = SeededGenerator(seed: Self.seed(reference.values) &* 31 &+ Self.seed(values))
        var shuffled = order
        var reached = 0
        for _ in 0..<Self.permutations {
            shuffled.shuffle(using: &generator)
            if kernel.discrepancy(shuffled, first: reference.count) >= observed { reached += 1 }
        }
        let outcome = TestOutcome(statistic: observed, pValue: Double(reached) / Double(Self.permutations))
        return try method.result(outcome, threshold: threshold)
    }

    private func check(current: Int) throws(MartletError) {
        guard reference.count > 1, current > 1 else {
            throw .insufficient("a discrepancy needs two values on each side", reference.count, current)
        }
        guard reference.count + current <= StatisticsLimits.kernelRows else {
            throw MartletError(
                .payloadTooLarge,
                "A discrepancy of \(reference.count) and \(current) values is over the limit of \(StatisticsLimits.kernelRows) together. Sample them first."
            )
        }
        guard bandwidth.isFinite else { throw .withoutSpread("the numbers are too large for a discrepancy") }
    }

    /// A number that belongs to these values (FNV-1a over their bit patterns).
    private static func seed(_ values: [Double]) -> UInt64 {
        values.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ $1.bitPattern) &* 0x100_0000_01B3 }
    }

    /// √(½ · the median squared distance of all ordered pairs), 1/√2 when that is 0.
    private static func bandwidth(_ sorted: [Double]) -> Double {
        let rank = sorted.count * sorted.count / 2
        // The order of bit patterns is the order of positive doubles: bisect for the smallest distance of enough pairs.
        let widest = sorted[sorted.count - 1] - sorted[0]
        guard widest.isFinite else { return .infinity }
        var (low, high) = (UInt64(0), widest.bitPattern)
        while low < high {
            let middle = low + (high - low) / 2
            if pairs(sorted, within: Double(bitPattern: middle)) > rank { high = middle } else { low = middle + 1 }
        }
        let distance = Double(bitPattern: low)
        let square = 0.5 * distance * distance
        return square > 0 ? square.squareRoot() : 0.5.squareRoot()
    }

    /// How many ordered pairs, those with themselves included, are at most so far apart.
    private static func pairs(_ sorted: [Double], within distance: Double) -> Int {
        var (start, count) = (0, 0)
        for index in sorted.indices {
            while sorted[index] - sorted[start] > distance { start += 1 }
            count += 2 * (index - start) + 1
        }
        return count
    }
}

/// The kernel of all different pairs, packed: the row of i holds the columns below i.
private struct Kernel {
    private let count: Int
    private let elements: [Double]
    private let rowSums: [Double]
    private let total: Double

    init(_ values: [Double], bandwidth: Double) {
        let count = values.count
        let gamma = 1 / (2 * bandwidth * bandwidth)
        var elements: [Double] = []
        elements.reserveCapacity(count * (count - 1) / 2)
        var sums = [Double](repeating: 0, count: count)
        for row in 0..<count {
            for column in 0..<row {
                let distance = values[row] - values[column]
                let value = exp(-gamma * distance * distance)
                elements.append(value)
                sums[row] += value
                sums[column] += value
            }
        }
        self.count = count
        self.elements = elements
        rowSums = sums
        total = sums.reduce(0, +)
    }

    /// The unbiased squared discrepancy between the first `first` of an order and the rest.
    ///
    /// Only the block of the smaller part is summed: with its row sums the other two blocks follow.
    func discrepancy(_ order: [Int], first: Int) -> Double {
        let second = count - first
        // In ascending order, so that memory is read forwards.
        let block = (first < second ? order[..<first] : order[first...]).sorted()
        let rows = block.map { rowSums[$0] }.reduce(0, +)
        let inner = 2 * pairSum(block)
        let cross = rows - inner
        let other = total - 2 * cross - inner
        let (n, m) = (Double(first), Double(second))
        let (left, right) = first < second ? (inner, other) : (other, inner)
        return left / (n * (n - 1)) + right / (m * (m - 1)) - 2 * cross / (n * m)
    }

    /// The sum over all pairs of an ascending list of indices.
    private func pairSum(_ block: [Int]) -> Double {
        elements.withUnsafeBufferPointer { elements in
            block.withUnsafeBufferPointer { block in
                var sum = 0.0
                for (position, row) in block.enumerated() {
                    let base = row * (row - 1) / 2
                    // Two chains of additions hide each other's latency.
                    var (even, odd) = (0.0, 0.0)
                    var index = 0
                    while index &+ 1 < position {
                        even += elements[base &+ block[index]]
                        odd += elements[base &+ block[index &+ 1]]
                        index &+= 2
                    }
                    if index < position { even += elements[base &+ block[index]] }
                    sum += even + odd
                }
                return sum
            }
        }
    }
}
