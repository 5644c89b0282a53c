package import Core

/// The kernel two-sample test: unbiased squared maximum mean discrepancy with a Gaussian kernel and a permutation p-value.
///
/// Gretton et al., "A Kernel Two-Sample Test", JMLR 13 (2012); bandwidth and p-value follow alibi-detect's `MMDDrift`. The
/// reference side (scaling, bandwidth, kernel, row sums) is computed once, at creation. A permutation then needs only the
/// kernel's sum over the rows that play the test sample: with the row sums r and the total S, xy = Σ r - yy and
/// xx = S - 2 xy - yy.
package struct MaximumMeanDiscrepancy: Sendable {
    /// Where the width σ of the kernel exp(-d² / 2σ²) comes from.
    package enum Bandwidth: Sendable, Equatable {
        /// σ² is half the median squared distance between reference rows.
        case medianOfReference
        /// σ² is half the median squared distance between reference and current rows; costs a kernel per test.
        case medianAcross
        /// Given widths, in the units of the features; several are averaged.
        case fixed([Double])
    }

    /// What happens to the features before distances are taken.
    package enum Scaling: Sendable, Equatable {
        /// Distances in the units of the features, as alibi-detect without a preprocessor.
        case none
        /// Each feature minus the reference mean, over the reference standard deviation (n - 1; 1 for a constant).
        case standardised
    }

    /// Which rows play the current sample in each permutation.
    package typealias Permutations = Statistics.Permutations

    /// The outcome of a test: the unbiased squared discrepancy, which may be slightly negative under the null hypothesis.
    package typealias Result = PermutationTest

    /// The bandwidth rule.
    package let bandwidth: Bandwidth
    /// The number of complete reference rows in use.
    package let referenceRows: Int
    private let transform: FeatureTransform
    private let reference: SampleMatrix
    /// The kernel of the reference and its widths, where the current rows have no say in them.
    private let prepared: (triangle: PairTriangle, sigmas: [Double])?

    /// Prepares the reference; rows with a NaN or an infinity are left out.
    ///
    /// - Throws: `failedPrecondition` when fewer than two complete rows remain or the median distance is 0,
    ///   `invalidArgument` for a bad bandwidth, `payloadTooLarge` past `StatisticsLimits.kernelRows`.
    package init(
        reference: SampleMatrix,
        bandwidth: Bandwidth = .medianOfReference,
        scaling: Scaling = .none
    ) throws(MartletError) {
        if case .fixed(let sigmas) = bandwidth {
            guard !sigmas.isEmpty, sigmas.count <= StatisticsLimits.bandwidths,
                sigmas.allSatisfy({ $0.isFinite && $0 > 0 })
            else {
                throw MartletError(
                    .invalidArgument,
                    "The bandwidths \(sigmas) are not 1 to \(StatisticsLimits.bandwidths) positive numbers."
                )
            }
        }
        let complete = try SampleCheck.complete(reference, named: "reference")
        self.bandwidth = bandwidth
        self.reference = complete
        referenceRows = complete.rows
        transform = FeatureTransform(reference: complete, scaling: scaling)
        guard bandwidth != .medianAcross else {
            prepared = nil
            return
        }
        let distances = PairwiseDistances.triangle(transform.columns(of: [complete]), from: 0, to: complete.rows)
        let sigmas: [Double] =
            if case .fixed(let given) = bandwidth {
                given
            } else {
                [try KernelWidth.median(among: distances, unit: transform.unit)]
            }
        prepared = (Self.triangle(distances, rows: complete.rows, sigmas: sigmas, unit: transform.unit), sigmas)
    }

    private static func triangle(
        _ distances: consuming [Float],
        rows: Int,
        sigmas: [Double],
        unit: Double
    ) -> PairTriangle {
        PairTriangle(
            distances: distances,
            rows: rows,
            function: .gaussian(KernelWidth.gammas(of: sigmas, unit: unit))
        )
    }

    /// Tests current rows against the reference; rows with a NaN or an infinity are left out.
    ///
    /// - Throws: `failedPrecondition` when fewer than two complete rows remain or the median distance is 0,
    ///   `invalidArgument` for another number of features or bad permutations, `payloadTooLarge` past the limits.
    package func test(_ current: SampleMatrix, permutations: Permutations) throws(MartletError) -> Result {
        try SampleCheck.width(of: current, reference: reference.columns)
        let complete = try SampleCheck.complete(current, named: "current")
        try SampleCheck.together(reference.rows, complete.rows)
        let columns = transform.columns(of: [reference, complete])
        let head = if let prepared { prepared } else { try across(columns) }
        let gammas = KernelWidth.gammas(of: head.sigmas, unit: transform.unit)
        let kernel = PairMatrix(head: head.triangle, columns: columns, function: .gaussian(gammas))
        // The discrepancy is symmetric: the smaller sample is the cheaper one to sum.
        let complement = complete.rows > reference.rows
        let observed = complement ? RowGroups(0..<reference.rows) : RowGroups(reference.rows..<columns.rows)
        let drawn = try RowGroups(
            permutations,
            testRows: complete.rows,
            total: columns.rows,
            complement: complement
        )
        let statistic = Self.statistic(kernel.sums(of: observed)[0], size: observed.size, rows: columns.rows)
        let permuted = kernel.sums(of: drawn).map { Self.statistic($0, size: drawn.size, rows: columns.rows) }
        return PermutationTest(statistic: statistic, permuted: permuted, sigmas: head.sigmas)
    }

    /// The kernel of the reference with its width from the distances between reference and current rows.
    private func across(_ columns: FeatureColumns) throws(MartletError) -> (triangle: PairTriangle, sigmas: [Double]) {
        let between = PairwiseDistances.rectangle(
            columns,
            rows: reference.rows..<columns.rows,
            others: reference.rows
        )
        let sigma = try KernelWidth.median(between: between, unit: transform.unit)
        let distances = PairwiseDistances.triangle(columns, from: 0, to: reference.rows)
        return (Self.triangle(distances, rows: reference.rows, sigmas: [sigma], unit: transform.unit), [sigma])
    }

    /// The unbiased squared discrepancy of a group of `size` rows and the others.
    private static func statistic(_ sums: PairMatrix.GroupSums, size: Int, rows: Int) -> Double {
        let (m, n) = (Double(size), Double(rows - size))
        return 2 * sums.outside / (n * (n - 1)) + 2 * sums.inside / (m * (m - 1)) - 2 * sums.between / (m * n)
    }
}
