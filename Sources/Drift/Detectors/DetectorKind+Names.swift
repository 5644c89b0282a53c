import Statistics

extension DetectorKind {
    /// The name that Evidently shows for a method that it chose; a title of our own for what it does not have.
    package var displayName: String {
        switch self {
        case .automatic: "Column by column"
        case .univariate(let method): method.displayName
        case .textAgainstChance: "Percentile text content drift"
        case .textAgainstScore: "Absolute text content drift"
        case .maximumMeanDiscrepancy: "Maximum mean discrepancy"
        case .densityDifference: "Least-squares density difference"
        case .energy: "Energy distance of rows"
        case .domainClassifier: "Domain classifier"
        case .principalComponents: "PCA reconstruction error"
        }
    }
}

extension UnivariateMethod {
    /// The name that Evidently shows, where it has the method.
    var displayName: String {
        switch self {
        case .kolmogorovSmirnov: "K-S p_value"
        case .kolmogorovSmirnovAsymptotic: "K-S p_value (asymptotic)"
        case .cramerVonMises: "Cramer-von Mises"
        case .andersonDarling: "Anderson-Darling"
        case .mannWhitneyLess: "Mann-Whitney U-rank test"
        case .mannWhitney: "Mann-Whitney U-rank test (two-sided)"
        case .studentT: "t_test"
        case .welchT: "Welch t_test"
        case .eppsSingleton: "Epps-Singleton"
        case .chiSquaredOneWay: "chi-square p_value"
        case .chiSquaredContingency: "chi-square p_value (contingency)"
        case .likelihoodRatio: "g_test"
        case .fisherExact: "Fisher's Exact test"
        case .twoProportions: "Z-test p_value"
        case .totalVariation: "Total-Variation-Distance"
        case .empiricalDiscrepancy: "empirical_mmd"
        case .populationStability: "PSI"
        case .kullbackLeibler: "Kullback-Leibler divergence"
        case .jensenShannon: "Jensen-Shannon distance"
        case .wasserstein: "Wasserstein distance (normed)"
        case .hellinger: "Hellinger distance"
        case .energyDistance: "Energy-distance"
        }
    }
}
