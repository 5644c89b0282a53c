import Core

/// Maximum mean discrepancy over all features together, with a permutation test.
///
/// Sees changes in the relation between features that no feature shows alone. Features are standardised by the reference
/// unless told otherwise, because a Gaussian kernel would else see only the feature with the largest unit.
package struct MMDDetector: DriftDetector {
    package let kind = DetectorKind.maximumMeanDiscrepancy
    package let featureNames: [String]
    package let level: Double
    /// How many permutations the p-value comes from; it cannot be finer than one over their number.
    package let permutations: Int
    /// The seed of the permutations: the same rows always give the same p-value.
    package let seed: UInt64
    private let discrepancy: MaximumMeanDiscrepancy

    /// Computes the kernel of the reference.
    ///
    /// - Throws: `invalidArgument` for a level that the permutations cannot resolve, and as `MaximumMeanDiscrepancy`.
    package init(
        reference: SampleMatrix,
        level: Double = 0.05,
        permutations: Int = 100,
        bandwidth: MaximumMeanDiscrepancy.Bandwidth = .medianOfReference,
        scaling: MaximumMeanDiscrepancy.Scaling = .standardised,
        seed: UInt64 = 0
    ) throws {
        try checkLevel(level)
        try Self.checkResolution(level: level, permutations: permutations)
        discrepancy = try MaximumMeanDiscrepancy(reference: reference, bandwidth: bandwidth, scaling: scaling)
        featureNames = reference.names
        self.level = level
        self.permutations = permutations
        self.seed = seed
    }

    package func evaluate(_ current: SampleMatrix) throws -> DetectorReport {
        try checkWidth(of: current)
        let result = try discrepancy.test(current, permutations: .random(count: permutations, seed: seed))
        return DetectorReport(
            kind: kind,
            statistic: result.statistic,
            pValue: result.pValue,
            threshold: level,
            drifted: result.pValue < level,
            features: []
        )
    }

    /// Refuses a level below one over the number of permutations: its true rate would be higher than asked.
    static func checkResolution(level: Double, permutations: Int) throws {
        guard (1...StatisticsLimits.permutations).contains(permutations) else {
            throw MartletError(
                .invalidArgument,
                "\(permutations) permutations asked for; the range is 1 to \(StatisticsLimits.permutations)."
            )
        }
        guard level * Double(permutations) >= 1 - 1e-9 else {
            let needed = Int((1 / level).rounded(.up))
            throw MartletError(
                .invalidArgument,
                "A p_value of \(level) needs at least \(needed) permutations; there are \(permutations)."
            )
        }
    }
}
