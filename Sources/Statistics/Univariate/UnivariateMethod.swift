package import Core

/// The univariate tests and distances there are; raw values are Evidently's names where it has the method.
package enum UnivariateMethod: String, Sendable, CaseIterable {
    /// Two-sample Kolmogorov–Smirnov, exact up to 10,000 values.
    case kolmogorovSmirnov = "ks"
    /// Kolmogorov–Smirnov with the asymptotic p-value of alibi-detect, at any size.
    case kolmogorovSmirnovAsymptotic = "ks_asymp"
    /// Two-sample Cramér–von Mises.
    case cramerVonMises = "cramer_von_mises"
    /// Anderson–Darling of two samples, midrank, p-value within 0.001 to 0.25.
    case andersonDarling = "anderson"
    /// Mann–Whitney U, alternative "less", as Evidently has it: it sees only one direction.
    case mannWhitneyLess = "mannw"
    /// Mann–Whitney U in both directions.
    case mannWhitney = "mannw_two_sided"
    /// Student's t with equal variances.
    case studentT = "t_test"
    /// Welch's t with unequal variances.
    case welchT = "welch"
    /// Epps–Singleton on the characteristic functions.
    case eppsSingleton = "es"
    /// Chi-squared against the reference's shares as if they were known (Evidently).
    case chiSquaredOneWay = "chisquare"
    /// Chi-squared of the table of both samples (alibi-detect), which counts the reference's own chance.
    case chiSquaredContingency = "chi2_contingency"
    /// Likelihood ratio (G) against the reference's shares.
    case likelihoodRatio = "g_test"
    /// Fisher's exact test of two categories, two-sided.
    case fisherExact = "fisher_exact"
    /// Two proportions, pooled: the first category against the rest.
    case twoProportions = "z"
    /// Total variation distance with a permutation p-value.
    case totalVariation = "TVD"
    /// Maximum mean discrepancy of one feature with a permutation p-value.
    case empiricalDiscrepancy = "empirical_mmd"
    /// Population stability index.
    case populationStability = "psi"
    /// Kullback–Leibler divergence.
    case kullbackLeibler = "kl_div"
    /// Jensen–Shannon distance, natural logarithm.
    case jensenShannon = "jensenshannon"
    /// First Wasserstein distance over the reference's standard deviation.
    case wasserstein
    /// Hellinger distance.
    case hellinger
    /// Energy distance.
    case energyDistance = "ed"

    /// The bound that Evidently (or alibi-detect) uses when none is given.
    package var defaultThreshold: Double {
        switch self {
        case .kolmogorovSmirnov, .kolmogorovSmirnovAsymptotic, .mannWhitneyLess, .mannWhitney, .studentT, .welchT,
            .eppsSingleton, .chiSquaredOneWay, .chiSquaredContingency, .twoProportions:
            0.05
        case .cramerVonMises, .andersonDarling, .likelihoodRatio, .fisherExact, .totalVariation, .empiricalDiscrepancy,
            .populationStability, .kullbackLeibler, .jensenShannon, .wasserstein, .hellinger, .energyDistance:
            0.1
        }
    }

    /// Whether the score is a p-value, which is drift when it lies below the threshold; a distance is drift above it.
    package var isPValue: Bool {
        switch self {
        case .populationStability, .kullbackLeibler, .jensenShannon, .wasserstein, .hellinger, .energyDistance: false
        default: true
        }
    }

    /// Whether the method compares numbers; those that count categories take each distinct number as one.
    package var takesNumbers: Bool { true }

    /// Whether the method compares categories.
    package var takesCategories: Bool {
        switch self {
        case .chiSquaredOneWay, .chiSquaredContingency, .likelihoodRatio, .fisherExact, .twoProportions,
            .totalVariation, .populationStability, .kullbackLeibler, .jensenShannon, .hellinger:
            true
        default: false
        }
    }

    /// Prepares a detector over a reference.
    ///
    /// - Parameters:
    ///   - reference: The values to compare with.
    ///   - threshold: The bound of the score; nil takes `defaultThreshold`.
    /// - Returns: A value that compares any number of current samples.
    /// - Throws: `failedPrecondition` for a reference that can never support an answer, `invalidArgument` for a threshold or
    ///   kind of value that the method cannot have, `payloadTooLarge` past `StatisticsLimits`.
    package func prepare(
        reference: UnivariateSample,
        threshold: Double? = nil
    ) throws(MartletError) -> any UnivariateDetector {
        let bound = try checkedThreshold(threshold)
        guard takesCategories || reference.isNumeric else { throw reference.wrongKind(for: self, side: "reference") }
        switch self {
        case .chiSquaredOneWay, .chiSquaredContingency, .likelihoodRatio, .fisherExact, .twoProportions,
            .totalVariation:
            return try CategoricalDetector(method: self, reference: reference, threshold: bound)
        case .populationStability, .kullbackLeibler, .jensenShannon, .hellinger:
            return try BinnedDetector(method: self, reference: reference, threshold: bound)
        case .empiricalDiscrepancy:
            return try UnivariateDiscrepancy(reference: reference, threshold: bound)
        case .kolmogorovSmirnov, .kolmogorovSmirnovAsymptotic, .cramerVonMises, .andersonDarling, .mannWhitneyLess,
            .mannWhitney, .studentT, .welchT, .eppsSingleton, .wasserstein, .energyDistance:
            return try NumericDetector(method: self, reference: reference, threshold: bound)
        }
    }

    /// The threshold to use, once it is known to be possible.
    private func checkedThreshold(_ threshold: Double?) throws(MartletError) -> Double {
        let bound = threshold ?? defaultThreshold
        guard bound.isFinite, bound >= 0, !isPValue || bound <= 1 else {
            throw MartletError(
                .invalidArgument,
                "The threshold \(bound) of \(rawValue) is not \(isPValue ? "a probability" : "a distance of 0 or more")."
            )
        }
        return bound
    }
}
