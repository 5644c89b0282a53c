extension StatisticsLimits {
    /// Kernel centres of one estimate of a density difference.
    package static let kernelCentres = 500
    /// Features of a logistic regression: its matrix then takes 2 MB.
    package static let logisticFeatures = 512
    /// Features whose principal components are computed.
    package static let principalFeatures = 256
    /// Rows of reference or current that a domain classifier is given.
    package static let classifierRows = 200_000
    /// Folds of a domain classifier.
    package static let classifierFolds = 20
}
