package import Core

/// Whether the probabilities that a classifier gave to reference and current rows tell the two apart, as alibi-detect tests.
package enum ProbabilityTest: String, Sendable, CaseIterable {
    /// One-sided Kolmogorov–Smirnov: current rows have larger probabilities.
    case kolmogorovSmirnov = "ks"
    /// Binomial: rounded probabilities are right more often than naming the larger sample always would be.
    case binomial

    /// Tests probabilities of being current that a model gave to rows it had not seen.
    ///
    /// - Parameters:
    ///   - reference: The probabilities of reference rows.
    ///   - current: The probabilities of current rows.
    ///   - sizes: How many reference and current rows there are in all, which the binomial test's baseline is taken from;
    ///     by default those given.
    /// - Returns: The distance, 0 to 1 (for the binomial test: by how much errors are fewer than the baseline's), and the p-value.
    /// - Throws: `failedPrecondition` for an empty sample, `invalidArgument` for what is no probability.
    package func test(
        reference: [Double],
        current: [Double],
        sizes: (reference: Int, current: Int)? = nil
    ) throws(MartletError) -> (distance: Double, pValue: Double) {
        guard !reference.isEmpty, !current.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "A test of probabilities needs both samples; they have \(reference.count) and \(current.count) rows."
            )
        }
        for value in reference + current where !(0...1).contains(value) {
            throw MartletError(.invalidArgument, "\(value) is no probability; it must be from 0 to 1.")
        }
        switch self {
        case .kolmogorovSmirnov:
            do {
                let result = try KolmogorovSmirnov.test(reference, current, alternative: .greater)
                return (result.statistic, result.pValue)
            } catch { throw MartletError.wrapping(error) }
        case .binomial:
            let all = sizes ?? (reference.count, current.count)
            return Self.binomial(reference, current, sizes: all)
        }
    }

    private static func binomial(
        _ reference: [Double],
        _ current: [Double],
        sizes: (reference: Int, current: Int)
    ) -> (distance: Double, pValue: Double) {
        // Half rounds to even, hence to 0.
        let right = reference.count { $0 <= 0.5 } + current.count { $0 > 0.5 }
        let count = reference.count + current.count
        let baseline = Double(max(sizes.reference, sizes.current)) / Double(max(1, sizes.reference + sizes.current))
        let accuracy = Double(right) / Double(count)
        let distance = baseline < 1 ? max(0, 1 - (1 - accuracy) / (1 - baseline)) : 0
        // P(X >= k) of a binomial variable is a regularised incomplete beta function.
        let pValue =
            right == 0
            ? 1
            : RegularizedBeta.lower(
                baseline,
                complement: 1 - baseline,
                a: Double(right),
                b: Double(count - right + 1)
            )
        return (distance, min(max(pValue, 0), 1))
    }
}
