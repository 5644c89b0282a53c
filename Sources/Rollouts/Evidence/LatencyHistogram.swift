/// Counts of latencies in buckets of about 12 % width, from 1 ns to centuries, in fixed memory.
package struct LatencyHistogram: Sendable, Equatable {
    /// Three bits below the leading one choose the bucket: eight buckets for each doubling.
    private static let bucketCount = 496

    private var counts = [UInt32](repeating: 0, count: LatencyHistogram.bucketCount)
    /// How many latencies were recorded.
    package private(set) var total = 0

    /// Makes an empty histogram.
    package init() {}

    /// Adds one latency in nanoseconds.
    package mutating func record(_ nanoseconds: UInt64) {
        let bucket = Self.bucket(of: nanoseconds)
        counts[bucket] = counts[bucket] == .max ? .max : counts[bucket] + 1
        total += 1
    }

    /// The smallest bucket bound in nanoseconds below which at least `quantile` of the latencies lie; nil when empty.
    package func quantile(_ quantile: Double) -> UInt64? {
        guard total > 0 else { return nil }
        let wanted = max(1, Int((Double(total) * quantile).rounded(.up)))
        var seen = 0
        for (bucket, count) in counts.enumerated() {
            seen += Int(count)
            if seen >= wanted { return Self.upperBound(of: bucket) }
        }
        return Self.upperBound(of: Self.bucketCount - 1)
    }

    /// How many latencies lie in buckets that end above a bound in nanoseconds.
    package func count(above bound: UInt64) -> Int {
        counts.enumerated().reduce(0) { sum, entry in
            Self.upperBound(of: entry.offset) > bound ? sum + Int(entry.element) : sum
        }
    }

    static func bucket(of nanoseconds: UInt64) -> Int {
        guard nanoseconds >= 8 else { return Int(nanoseconds) }
        let exponent = 63 - nanoseconds.leadingZeroBitCount
        return (exponent - 2) * 8 + Int((nanoseconds >> UInt64(exponent - 3)) & 7)
    }

    static func upperBound(of bucket: Int) -> UInt64 {
        guard bucket >= 8 else { return UInt64(max(0, bucket)) }
        let shift = UInt64(bucket / 8 - 1)
        let mantissa = UInt64(8 + bucket % 8)
        return ((mantissa + 1) << shift) &- 1
    }
}
