package import Core

/// How the p-values of many features become one verdict without raising the rate of false alarms.
///
/// The rules and the reported threshold are those of alibi-detect.
package enum MultipleTesting: String, Sendable, CaseIterable {
    /// Any p below level / number of tests: bounds the chance of one false alarm (Bonferroni).
    case bonferroni
    /// Any p(i) below level · i / number: bounds the share of false alarms (Benjamini–Hochberg).
    case benjaminiHochberg = "fdr"

    /// What a correction decided.
    package struct Decision: Sendable, Equatable {
        /// Whether any test is rejected.
        package let rejected: Bool
        /// The bound that a p-value must be strictly below to be rejected.
        package let threshold: Double
    }

    /// Decides over p-values; one that is NaN belongs to no test and is an error.
    ///
    /// With Benjamini–Hochberg and no rejection the threshold is the smallest step, which a p-value would have to be below.
    ///
    /// - Throws: `invalidArgument` for a level outside (0, 1) or a p-value outside [0, 1], `failedPrecondition` for none.
    package func decide(_ pValues: [Double], level: Double) throws(MartletError) -> Decision {
        guard level > 0, level < 1 else {
            throw MartletError(.invalidArgument, "The level \(level) is not between 0 and 1.")
        }
        guard !pValues.isEmpty else {
            throw MartletError(.failedPrecondition, "There are no p-values to decide over.")
        }
        for (index, value) in pValues.enumerated() where !(value >= 0 && value <= 1) {
            throw MartletError(.invalidArgument, "The p-value \(value) at position \(index) is not between 0 and 1.")
        }
        let count = Double(pValues.count)
        switch self {
        case .bonferroni:
            let threshold = level / count
            return Decision(rejected: pValues.contains { $0 < threshold }, threshold: threshold)
        case .benjaminiHochberg:
            let steps = (1...pValues.count).map { level * (Double($0) / count) }
            let passing = Array(zip(pValues.sorted(), steps)).last { $0 < $1 }
            return Decision(rejected: passing != nil, threshold: passing?.1 ?? steps[0])
        }
    }

    /// The p-values after correction: to compare one with a level decides as the correction does over all of them.
    ///
    /// Bonferroni multiplies by the number of tests; Benjamini–Hochberg takes the smallest p · number / rank of its own and
    /// all higher ranks. Neither exceeds 1.
    ///
    /// - Parameter pValues: The p-values of the tests.
    /// - Returns: The corrected p-values in the same order.
    /// - Throws: `invalidArgument` for a p-value outside [0, 1].
    package func adjusted(_ pValues: [Double]) throws(MartletError) -> [Double] {
        for (index, value) in pValues.enumerated() where !(value >= 0 && value <= 1) {
            throw MartletError(.invalidArgument, "The p-value \(value) at position \(index) is not between 0 and 1.")
        }
        let count = Double(pValues.count)
        guard self == .benjaminiHochberg else { return pValues.map { min($0 * count, 1) } }
        var adjusted = pValues
        var smallest = 1.0
        let order = pValues.indices.sorted { pValues[$0] < pValues[$1] }
        for (rank, index) in order.enumerated().reversed() {
            smallest = min(smallest, pValues[index] * count / Double(rank + 1))
            adjusted[index] = smallest
        }
        return adjusted
    }
}
