extension StatisticsLimits {
    /// Kernel centres of one estimate of a density difference.
    package static let kernelCentres = 500
}
