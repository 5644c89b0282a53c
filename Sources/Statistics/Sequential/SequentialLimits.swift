/// The largest sizes that sequential detectors accept; each is tested at the limit and one past it.
package enum SequentialLimits {
    /// The largest magnitude of a value: the square of the sum of 2^40 of them still fits a double.
    package static let largestMagnitude = 1e140
    /// Rows of buckets of one adaptive window, each row twice as wide as the one before: 2^40 values times the buckets.
    package static let bucketRows = 40
    /// Buckets in one row of an adaptive window.
    package static let bucketsPerRow = 64
    /// Values in a sliding window of the Kolmogorov–Smirnov detector.
    package static let slidingWindow = 10_000
    /// Rows in the test window of a kernel detector with an expected run time.
    package static let kernelWindow = 500
    /// Kernel centres of the online density difference.
    package static let kernelCentres = 500
    /// Rows of the reference of a detector with an expected run time.
    package static let onlineReference = 5_000
    /// Values in the largest test window of the univariate detectors with an expected run time.
    package static let onlineWindow = 1_000
    /// Test windows that run beside each other in one detector.
    package static let onlineWindows = 16
    /// Features of one univariate detector with an expected run time.
    package static let onlineFeatures = 1_024
    /// Simulated streams from which thresholds are taken.
    package static let bootstraps = 100_000
    /// Simulated statistics held at once while thresholds are computed: 400 MB would be too many, this is 80.
    package static let simulatedStatistics = 20_000_000
    /// Counts in a saved state: past any real stream, far from overflow.
    package static let largestCount: Int64 = 1 << 53
}
