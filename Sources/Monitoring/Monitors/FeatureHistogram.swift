/// Counts of reference and current values of a feature in the same bins of equal width.
package struct FeatureHistogram: Sendable, Equatable {
    /// The feature's name.
    package let name: String
    /// The bounds of the bins, one more than there are bins; each bin holds its lower bound, the last also its upper.
    package let edges: [Double]
    /// Finite reference values per bin.
    package let reference: [Int]
    /// Finite current values per bin.
    package let current: [Int]

    /// Counts the finite values over the range of both samples; without a value there are no bins.
    package init(name: String, reference: [Float], current: [Float], bins: Int = MonitoringLimits.histogramBins) {
        self.name = name
        let all = (reference + current).filter(\.isFinite)
        guard let low = all.min().map(Double.init), let high = all.max().map(Double.init) else {
            edges = []
            self.reference = []
            self.current = []
            return
        }
        let count = low < high ? max(bins, 1) : 1
        let width = (high - low) / Double(count)
        edges = (0..<count).map { low + Double($0) * width } + [high]
        func fill(_ values: [Float]) -> [Int] {
            var counts = [Int](repeating: 0, count: count)
            for value in values where value.isFinite {
                let position = width > 0 ? (Double(value) - low) / width : 0
                counts[min(Int(position), count - 1)] += 1
            }
            return counts
        }
        self.reference = fill(reference)
        self.current = fill(current)
    }
}
