/// Counts of whole numbers in buckets whose bounds are the powers of two: finding the bucket takes no search.
package struct PowerCounts: Sendable, Equatable {
    /// Buckets up to 2^37, two minutes in nanoseconds; the last one holds everything above.
    private static let size = 39

    /// Observations by bucket, empty before the first.
    ///
    /// Bucket `k` holds what is above 2^(k-1) and not above 2^k.
    package private(set) var counts: [UInt64] = []
    /// Sum of the observations.
    package private(set) var sum: UInt64 = 0
    /// Number of observations.
    package private(set) var total: UInt64 = 0

    /// No observations.
    package init() {}

    /// Adds one observation.
    package mutating func record(_ value: UInt64) {
        if counts.isEmpty { counts = [UInt64](repeating: 0, count: Self.size) }
        let bucket = value <= 1 ? 0 : min(Self.size - 1, 64 - (value - 1).leadingZeroBitCount)
        counts[bucket] &+= 1
        sum &+= value
        total &+= 1
    }

    /// Adds the observations of another.
    package mutating func add(_ other: PowerCounts) {
        guard !other.counts.isEmpty else { return }
        if counts.isEmpty { counts = [UInt64](repeating: 0, count: Self.size) }
        for bucket in counts.indices { counts[bucket] &+= other.counts[bucket] }
        sum &+= other.sum
        total &+= other.total
    }

    /// The cumulative counts at the bounds 2^first … 2^last, for an exposition.
    package func cumulative(from first: Int, through last: Int) -> [(bound: UInt64, count: UInt64)] {
        var seen: UInt64 = 0
        var result: [(bound: UInt64, count: UInt64)] = []
        for bucket in 0...min(last, Self.size - 2) {
            seen &+= counts.isEmpty ? 0 : counts[bucket]
            if bucket >= first { result.append((1 << UInt64(bucket), seen)) }
        }
        return result
    }
}
