import Core

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

    /// Which rows play the test sample in each permutation.
    package enum Permutations: Sendable {
        /// Random subsets, reproducible by the seed.
        case random(count: Int, seed: UInt64)
        /// Index vectors over the reference rows followed by the test rows; the last ones play the test sample.
        case given([[Int]])
    }

    /// The outcome of a test.
    package struct Result: Sendable, Equatable {
        /// The unbiased squared discrepancy; may be slightly negative under the null hypothesis.
        package let statistic: Double
        /// The share of the permutations whose statistic is at least the observed one.
        package let pValue: Double
        /// The statistic of each permutation, in order.
        package let permuted: [Double]
        /// The widths used, in the units of the features after scaling.
        package let sigmas: [Double]

        /// The statistic that is exceeded by a share `level` of the permutations.
        package func threshold(level: Double) -> Double {
            let sorted = permuted.sorted(by: >)
            let index = Int((level * Double(sorted.count)).rounded(.down))
            return sorted[min(max(index, 0), sorted.count - 1)]
        }
    }

    /// The bandwidth rule.
    package let bandwidth: Bandwidth
    /// The number of complete reference rows in use.
    package let referenceRows: Int
    private let transform: FeatureTransform
    private let reference: SampleMatrix
    private let prepared: PackedKernel?

    /// Prepares the reference; rows with a NaN or an infinity are left out.
    ///
    /// - Throws: `failedPrecondition` when fewer than two complete rows remain or the median distance is 0,
    ///   `invalidArgument` for a bad bandwidth, `payloadTooLarge` past `StatisticsLimits.kernelRows`.
    package init(
        reference: SampleMatrix,
        bandwidth: Bandwidth = .medianOfReference,
        scaling: Scaling = .none
    ) throws {
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
        let complete = reference.completeRows
        try Self.checkRows(complete.rows, of: "reference")
        self.bandwidth = bandwidth
        self.reference = complete
        referenceRows = complete.rows
        transform = FeatureTransform(reference: complete, scaling: scaling)
        guard bandwidth != .medianAcross else {
            prepared = nil
            return
        }
        let columns = transform.columns(of: [complete])
        prepared = try PackedKernel.reference(columns, bandwidth: bandwidth, unit: transform.unit)
    }

    /// Tests current rows against the reference; rows with a NaN or an infinity are left out.
    ///
    /// - Throws: `failedPrecondition` when fewer than two complete rows remain or the median distance is 0,
    ///   `invalidArgument` for another number of features or bad permutations, `payloadTooLarge` past the limits.
    package func test(_ current: SampleMatrix, permutations: Permutations) throws -> Result {
        guard current.columns == reference.columns else {
            throw MartletError(
                .invalidArgument,
                "The current sample has \(current.columns) features; the reference has \(reference.columns)."
            )
        }
        let complete = current.completeRows
        try Self.checkRows(complete.rows, of: "current")
        let total = reference.rows + complete.rows
        guard total <= StatisticsLimits.kernelRows else {
            throw MartletError(
                .payloadTooLarge,
                "Reference and current have \(total) rows together; the limit is \(StatisticsLimits.kernelRows)."
            )
        }
        let columns = transform.columns(of: [reference, complete])
        let head =
            if let prepared {
                prepared
            } else {
                try PackedKernel.across(columns, referenceRows: reference.rows, unit: transform.unit)
            }
        let kernel = JointKernel(head: head, columns: columns)
        let observed = kernel.statistic(of: Array(reference.rows..<total))
        var permuted: [Double] = []
        try forEachSubset(permutations, testRows: complete.rows, total: total) { subset in
            permuted.append(kernel.statistic(of: subset))
        }
        let reached = permuted.count { observed <= $0 }
        return Result(
            statistic: observed,
            pValue: Double(reached) / Double(permuted.count),
            permuted: permuted,
            sigmas: head.sigmas
        )
    }

    private static func checkRows(_ rows: Int, of sample: String) throws {
        guard rows >= 2 else {
            throw MartletError(
                .failedPrecondition,
                "The \(sample) sample has \(rows) complete rows; a kernel test needs at least 2."
            )
        }
        guard rows <= StatisticsLimits.kernelRows else {
            throw MartletError(
                .payloadTooLarge,
                "The \(sample) sample has \(rows) rows; the limit is \(StatisticsLimits.kernelRows). Sample it first."
            )
        }
    }

    /// Calls `body` with the ascending row numbers that play the test sample in each permutation.
    private func forEachSubset(
        _ permutations: Permutations,
        testRows: Int,
        total: Int,
        _ body: ([Int]) -> Void
    ) throws {
        let count =
            switch permutations {
            case .random(let count, _): count
            case .given(let vectors): vectors.count
            }
        guard (1...StatisticsLimits.permutations).contains(count) else {
            throw MartletError(
                .invalidArgument,
                "\(count) permutations asked for; the range is 1 to \(StatisticsLimits.permutations)."
            )
        }
        switch permutations {
        case .random(_, let seed):
            var generator = SeededGenerator(seed: seed)
            var order = Array(0..<total)
            for _ in 0..<count {
                // The first steps of a Fisher–Yates shuffle, from whatever order the last permutation left.
                for position in 0..<testRows {
                    order.swapAt(position, Int.random(in: position..<total, using: &generator))
                }
                body(order[0..<testRows].sorted())
            }
        case .given(let vectors):
            for (index, vector) in vectors.enumerated() {
                guard vector.count == total, Set(vector) == Set(0..<total) else {
                    throw MartletError(
                        .invalidArgument,
                        "Permutation \(index) does not hold each row number from 0 to \(total - 1) once."
                    )
                }
                body(vector.suffix(testRows).sorted())
            }
        }
    }
}
