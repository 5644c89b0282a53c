import Core

/// Population stability, Kullback–Leibler, Jensen–Shannon and Hellinger over bins or categories, as Evidently bins them.
struct BinnedDetector: UnivariateDetector {
    /// The reference in the form that its kind of value needs.
    private enum Reference {
        case numbers(SortedSample, isBinned: Bool)
        case categories(CategoryTally)
    }

    /// Numbers with at most this many distinct values in the reference are counted value by value.
    private static let countedValues = 20

    let method: UnivariateMethod
    let threshold: Double
    private let reference: Reference

    init(method: UnivariateMethod, reference: UnivariateSample, threshold: Double) throws(MartletError) {
        self.method = method
        self.threshold = threshold
        switch reference {
        case .numbers:
            let sorted = try SortedSample(reference, for: method, side: "reference")
            let isWide = sorted.distinctCount(upTo: Self.countedValues) > Self.countedValues
            self.reference = .numbers(sorted, isBinned: method == .hellinger || isWide)
        case .categories:
            self.reference = .categories(try CategoryTally(reference, for: method, side: "reference"))
        }
    }

    func compare(_ current: UnivariateSample) throws(MartletError) -> UnivariateResult {
        let (left, right) = try shares(current)
        let distance =
            switch method {
            case .populationStability:
                ShareDistance.populationStability(ShareDistance.filled(left), ShareDistance.filled(right))
            case .kullbackLeibler:
                ShareDistance.kullbackLeibler(ShareDistance.filled(left), ShareDistance.filled(right))
            case .jensenShannon: ShareDistance.jensenShannon(left, right)
            default: ShareDistance.hellinger(left, right)
            }
        return try method.result(distance: distance, threshold: threshold)
    }

    /// The shares of both sides over the same bins.
    private func shares(_ current: UnivariateSample) throws(MartletError) -> ([Double], [Double]) {
        switch reference {
        case .categories(let tally):
            guard !current.isNumeric else { throw current.wrongKind(for: method, side: "current") }
            let other = try CategoryTally(current, for: method, side: "current")
            let pair = tally.paired(with: other)
            return (
                ShareDistance.shares(pair.reference, of: tally.count),
                ShareDistance.shares(pair.current, of: other.count)
            )
        case .numbers(let sorted, let isBinned):
            let other = try SortedSample(current, for: method, side: "current")
            let (left, right) = isBinned ? binned(sorted, other) : valueByValue(sorted, other)
            return (ShareDistance.shares(left, of: sorted.count), ShareDistance.shares(right, of: other.count))
        }
    }

    /// The counts in the bins of Sturges' rule over both sides; Hellinger's rule counts distinct values only.
    private func binned(_ left: SortedSample, _ right: SortedSample) -> ([Int], [Int]) {
        var count = left.count + right.count
        if method == .hellinger {
            count = 0
            for _ in PooledSteps(left, right) { count += 1 }
        }
        let edges = HistogramBins.sturges(
            count: count,
            minimum: min(left.values[0], right.values[0]),
            maximum: max(left.values[left.count - 1], right.values[right.count - 1]),
            areIntegers: left.areIntegers && right.areIntegers
        )
        return (
            HistogramBins.counts(sorted: left.values, edges: edges),
            HistogramBins.counts(sorted: right.values, edges: edges)
        )
    }

    private func valueByValue(_ left: SortedSample, _ right: SortedSample) -> ([Int], [Int]) {
        var counts: ([Int], [Int]) = ([], [])
        for step in PooledSteps(left, right) {
            counts.0.append(step.firstEqual)
            counts.1.append(step.secondEqual)
        }
        return counts
    }
}
