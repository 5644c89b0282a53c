/// Counts of values in bins of equal width over a reference's range, with one more bin on either side.
package struct BinCounts: Sendable, Equatable {
    /// The lower bound of the first bin.
    package let low: Float
    /// The upper bound of the last bin.
    package let high: Float
    /// Values per bin: below the range, the bins, above the range.
    package private(set) var counts: [UInt32]
    private let scale: Float

    /// Bins over a range; without one, or without width, there is one bin between the outer two.
    package init(low: Float, high: Float, bins: Int = MonitoringLimits.histogramBins) {
        let width = high - low
        let isWide = width.isFinite && width > 0
        self.low = low
        self.high = high
        let inner = isWide ? max(bins, 1) : 1
        counts = [UInt32](repeating: 0, count: inner + 2)
        scale = isWide ? Float(inner) / width : 0
    }

    /// Bins with what they held when they were stored; nil for counts that no bins have.
    init?(low: Float, high: Float, counts: [UInt32]) {
        guard counts.count >= 3, counts.count <= MonitoringLimits.histogramBins + 2 else { return nil }
        self.init(low: low, high: high, bins: counts.count - 2)
        guard self.counts.count == counts.count else { return nil }
        self.counts = counts
    }

    /// Takes a finite value.
    @inline(__always)
    package mutating func add(_ value: Float) {
        let inner = counts.count - 2
        let slot: Int
        if value < low {
            slot = 0
        } else if value > high {
            slot = inner + 1
        } else {
            // Within the range the product is at most the number of bins, give or take a rounding.
            slot = 1 + min(inner - 1, max(0, Int((value - low) * scale)))
        }
        counts[slot] &+= 1
    }

    /// The bounds of the inner bins, one more than there are bins.
    package var edges: [Double] {
        let inner = counts.count - 2
        let width = (Double(high) - Double(low)) / Double(inner)
        return (0..<inner).map { Double(low) + Double($0) * width } + [Double(high)]
    }
}
