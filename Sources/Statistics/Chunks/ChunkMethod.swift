/// How the chunks of one column are compared with its reference, by NannyML's names.
package enum ChunkMethod: String, Sendable, CaseIterable {
    /// The largest distance of the distribution functions.
    case kolmogorovSmirnov = "kolmogorov_smirnov"
    /// The Jensen–Shannon distance in base 2, over Doane's bins of the reference or over categories.
    case jensenShannon = "jensen_shannon"
    /// The area between the distribution functions, in the unit of the values.
    case wasserstein
    /// The Hellinger distance, over the same bins as Jensen–Shannon.
    case hellinger
    /// Pearson's statistic of the table of both samples; alone in going by its p-value.
    case chiSquared = "chi2"
    /// The largest difference of any category's share.
    case lInfinity = "l_infinity"

    /// Whether the method compares numbers.
    package var takesNumbers: Bool {
        switch self {
        case .kolmogorovSmirnov, .jensenShannon, .wasserstein, .hellinger: true
        case .chiSquared, .lInfinity: false
        }
    }

    /// Whether the method compares categories.
    package var takesCategories: Bool {
        switch self {
        case .jensenShannon, .hellinger, .chiSquared, .lInfinity: true
        case .kolmogorovSmirnov, .wasserstein: false
        }
    }

    /// The largest value that the method can give.
    var largest: Double {
        switch self {
        case .kolmogorovSmirnov: 1
        // The peer sets no bound for these; their own range never lowers mean + 3 deviations by more than rounding.
        case .jensenShannon, .hellinger, .lInfinity, .wasserstein, .chiSquared: .infinity
        }
    }
}
