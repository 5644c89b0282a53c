extension StatisticsLimits {
    /// Texts of one sample.
    package static let texts = 200_000
    /// Bytes of all texts of one sample.
    package static let textBytes = 64 << 20
    /// Different terms of the texts of one classifier.
    package static let textTerms = 250_000
}
