package import Core
import Foundation

/// The squared difference of two densities, estimated by least squares over Gaussian kernels, with a permutation p-value.
///
/// Sugiyama et al., "Density-Difference Estimation", Neural Computation 25 (2013); the choices are alibi-detect's `LSDDDrift`:
/// features standardised by the reference, some reference rows set aside as kernel centres, the regularisation λ the largest
/// power of 1/4 that lets two estimates agree, and the estimate h'(2A - AᵀHA)h with A = (H + λI)⁻¹.
package struct LeastSquaresDensityDifference: Sendable {
    /// Which reference rows are kernel centres.
    package enum Centres: Sendable, Equatable {
        /// So many random rows; a twentieth of the rows when no number is given.
        case random(count: Int?, seed: UInt64)
        /// The first `count` complete rows of this order of all complete rows are centres, the others the sample.
        case given(order: [Int], count: Int)
    }

    /// The width of the kernel in standardised units.
    package let sigma: Double
    /// How many reference rows are kernel centres.
    package let centres: Int
    /// How many reference rows are compared with the current ones.
    package let referenceRows: Int
    private let features: Int
    private let transform: FeatureTransform
    /// The centres, standardised, row after row.
    private let centreValues: [Double]
    /// The kernel of every reference row that is no centre with every centre, row after row.
    private let kernel: [Double]
    /// H: the integrals of the products of the centres' kernels, up to a factor.
    private let overlaps: SymmetricMatrix
    private let agreement: Double

    /// Prepares the reference; rows with a NaN or an infinity are left out.
    ///
    /// - Parameters:
    ///   - reference: The reference rows.
    ///   - sigma: The width of the kernel in standardised units; by default from the median distance.
    ///   - centres: Which rows are kernel centres.
    ///   - agreement: How far two estimates may differ, relatively, at the chosen λ.
    /// - Throws: `failedPrecondition` when fewer than three complete rows remain or the median distance is 0,
    ///   `invalidArgument` for bad parameters, `payloadTooLarge` past `StatisticsLimits`.
    package init(
        reference: SampleMatrix,
        sigma: Double? = nil,
        centres: Centres = .random(count: nil, seed: 0),
        agreement: Double = 0.2
    ) throws(MartletError) {
        guard agreement > 0, agreement < 1 else {
            throw MartletError(.invalidArgument, "The relative difference \(agreement) is not between 0 and 1.")
        }
        if let sigma, !(sigma > 0 && sigma.isFinite) {
            throw MartletError(.invalidArgument, "The bandwidth \(sigma) is no positive number.")
        }
        let complete = try SampleCheck.complete(reference, named: "reference", least: 3)
        transform = FeatureTransform(reference: complete, scaling: .standardised)
        features = complete.columns
        let columns = transform.columns(of: [complete])
        let (order, count) = try Self.order(centres, rows: complete.rows)
        if let sigma {
            self.sigma = sigma
        } else {
            let distances = PairwiseDistances.triangle(columns, from: 0, to: complete.rows)
            self.sigma = try KernelWidth.median(among: distances, unit: 1)
        }
        centreValues = Self.rows(Array(order.prefix(count)), of: columns)
        let others = Array(order.dropFirst(count))
        kernel = Self.kernel(Self.rows(others, of: columns), centreValues, features: features, sigma: self.sigma)
        overlaps = SymmetricMatrix(
            size: count,
            values: Self.kernel(
                centreValues,
                centreValues,
                features: features,
                sigma: self.sigma * (2.0).squareRoot()
            )
        )
        self.centres = count
        self.agreement = agreement
        referenceRows = others.count
    }

    /// Tests current rows against the reference; rows with a NaN or an infinity are left out.
    ///
    /// - Parameters:
    ///   - current: Rows with the features of the reference.
    ///   - permutations: The permutations, over the reference rows that are no centres and the current rows.
    /// - Returns: The squared difference of the densities, up to a factor, and its permutations.
    /// - Throws: `failedPrecondition` when fewer than two complete rows remain or too many rows are equal,
    ///   `invalidArgument` for another number of features or bad permutations, `payloadTooLarge` past the limits.
    package func test(_ current: SampleMatrix, permutations: Permutations) throws(MartletError) -> PermutationTest {
        try SampleCheck.width(of: current, reference: features)
        let complete = try SampleCheck.complete(current, named: "current")
        try SampleCheck.together(referenceRows, complete.rows)
        let columns = transform.columns(of: [complete])
        let rows = Self.rows((0..<complete.rows).map { $0 }, of: columns)
        let all = kernel + Self.kernel(rows, centreValues, features: features, sigma: sigma)
        let total = referenceRows + complete.rows
        let complement = complete.rows > referenceRows
        let observed = complement ? RowGroups(0..<referenceRows) : RowGroups(referenceRows..<total)
        let drawn = try RowGroups(permutations, testRows: complete.rows, total: total, complement: complement)
        let permuted = differences(of: drawn, in: all, rows: total)
        let weights = try weights(for: permuted)
        func estimate(_ difference: [Double]) -> Double { dot(difference, weights.times(difference)) }
        return PermutationTest(
            statistic: estimate(differences(of: observed, in: all, rows: total)[0]),
            permuted: permuted.map(estimate),
            sigmas: [sigma]
        )
    }

    /// The centres first, then the other rows.
    private static func order(_ centres: Centres, rows: Int) throws(MartletError) -> (order: [Int], count: Int) {
        let order: [Int]
        let count: Int
        switch centres {
        case .random(let wanted, let seed):
            var generator = SeededGenerator(seed: seed)
            order = generator.permutation(rows)
            count = wanted ?? max(rows / 20, 1)
        case .given(let given, let wanted):
            guard given.count == rows, Set(given) == Set(0..<rows) else {
                throw MartletError(
                    .invalidArgument,
                    "The order of the rows does not hold each number from 0 to \(rows - 1) once."
                )
            }
            order = given
            count = wanted
        }
        let most = min(rows - 2, StatisticsLimits.kernelCentres)
        guard (1...most).contains(count) else {
            throw MartletError(.invalidArgument, "\(count) kernel centres asked for; the range is 1 to \(most).")
        }
        return (order, count)
    }

    private static func rows(_ rows: [Int], of columns: FeatureColumns) -> [Double] {
        rows.flatMap { row in
            (0..<columns.features).map { Double(columns.values[$0 * columns.stride + row]) }
        }
    }

    private static func kernel(_ rows: [Double], _ centres: [Double], features: Int, sigma: Double) -> [Double] {
        let gamma = 1 / (2 * sigma * sigma)
        let (count, width) = (rows.count / features, centres.count / features)
        var result = [Double](repeating: 0, count: count * width)
        for row in 0..<count {
            for centre in 0..<width {
                var squared = 0.0
                for feature in 0..<features {
                    let difference = rows[row * features + feature] - centres[centre * features + feature]
                    squared += difference * difference
                }
                result[row * width + centre] = exp(-gamma * squared)
            }
        }
        return result
    }

    /// For every group the mean kernel of the other rows minus that of the group, centre by centre.
    ///
    /// Which of the two is the reference does not matter: the estimate is a quadratic form.
    private func differences(of groups: RowGroups, in kernel: [Double], rows: Int) -> [[Double]] {
        var totals = [Double](repeating: 0, count: centres)
        for row in 0..<rows {
            for centre in 0..<centres { totals[centre] += kernel[row * centres + centre] }
        }
        let (m, n) = (Double(groups.size), Double(rows - groups.size))
        var result = [[Double]](repeating: [], count: groups.count)
        let worthwhile = groups.count * groups.size * centres > 100_000
        result.withUnsafeMutableBufferPointer { result in
            kernel.withUnsafeBufferPointer { kernel in
                ParallelLoop.perform(groups.count, worthwhile: worthwhile) { group in
                    var sums = [Double](repeating: 0, count: centres)
                    for row in groups.rows(of: group) {
                        let start = Int(row) * centres
                        for centre in 0..<centres { sums[centre] += kernel[start + centre] }
                    }
                    result[group] = zip(totals, sums).map { ($0 - $1) / n - $1 / m }
                }
            }
        }
        return result
    }

    /// 2A - AᵀHA for the largest λ at which the two estimates of the permutations agree.
    private func weights(for differences: [[Double]]) throws(MartletError) -> SymmetricMatrix {
        for exponent in 0..<10 {
            guard let inverse = overlaps.adding(pow(4, -Double(exponent))).inverse() else { continue }
            var sum = 0.0
            for difference in differences {
                let omega = inverse.times(difference)
                sum += 1 - dot(omega, overlaps.times(omega)) / dot(difference, omega)
            }
            guard sum / Double(differences.count) < agreement else { continue }
            let size = centres
            var values = [Double](repeating: 0, count: size * size)
            for column in 0..<size {
                // A and H are symmetric: column k of A is its row k.
                let row = Array(inverse.values[(column * size)..<((column + 1) * size)])
                let product = inverse.times(overlaps.times(row))
                for index in 0..<size { values[index * size + column] = 2 * row[index] - product[index] }
            }
            return SymmetricMatrix(size: size, values: values)
        }
        throw MartletError(
            .failedPrecondition,
            "The density difference cannot be estimated: too many rows are equal. Use more or other rows."
        )
    }
}
