/// The normal kernels of a numeric parameter.
enum KernelWidths {
    /// A kernel is as wide as the larger gap to its neighbours, within bounds that shrink with more observations.
    ///
    /// - Returns: means and deviations in the order of `values`, the prior's last.
    static func normals(_ values: [Double], _ range: NumericRange) -> (means: [Double], deviations: [Double]) {
        var means = values.map(range.place(of:))
        let count = means.count
        let width = range.high - range.low
        let narrowest = width / Double(min(100, count + 2))
        var deviations = [Double](repeating: width, count: count + 1)
        let order = sortedOrder(means)
        for rank in 0..<count {
            let place = means[order[rank]]
            let below = place - (rank > 0 ? means[order[rank - 1]] : range.low)
            let above = (rank + 1 < count ? means[order[rank + 1]] : range.high) - place
            var gap = max(below, above)
            // The range's ends are no observations: beside others, the outermost kernels look inwards only.
            if count >= 2, rank == 0 { gap = above }
            if count >= 2, rank == count - 1 { gap = below }
            deviations[order[rank]] = min(max(gap, narrowest), width)
        }
        means.append((range.low + range.high) / 2)
        return (means, deviations)
    }

    /// Indices in ascending order of their values; of equals the earlier first.
    private static func sortedOrder(_ values: [Double]) -> [Int] {
        var pairs = values.enumerated().map { (value: $1, index: $0) }
        pairs.sort { $0.value != $1.value ? $0.value < $1.value : $0.index < $1.index }
        return pairs.map(\.index)
    }
}
