/// Ranks of values as shares, so that an outlier does not take the whole colour scale.
enum RankShare {
    /// The rank of each value from 0 to 1; nil for a missing one.
    ///
    /// Equal values share the middle of their ranks.
    static func shares(_ values: [Double]) -> [Double?] {
        let known = values.filter { !$0.isNaN }.sorted()
        guard let low = known.first, let high = known.last, high > low else {
            return values.map { $0.isNaN ? nil : 0.5 }
        }
        return values.map { value in
            guard !value.isNaN else { return nil }
            let below = partitionPoint(known) { $0 < value }
            let upTo = partitionPoint(known) { $0 <= value }
            return Double(below + upTo - 1) / 2 / Double(max(1, known.count - 1))
        }
    }

    /// The first index whose element does not satisfy `isBefore`, in an array sorted by it.
    private static func partitionPoint(_ values: [Double], _ isBefore: (Double) -> Bool) -> Int {
        var (low, high) = (0, values.count)
        while low < high {
            let middle = (low + high) / 2
            if isBefore(values[middle]) { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
