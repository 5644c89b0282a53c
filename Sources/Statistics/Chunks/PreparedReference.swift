import Core

/// A reference column in the form that one method compares chunks with.
struct PreparedReference: Sendable {
    /// The value of a chunk, and its p-value where the method has one.
    struct Found {
        let value: Double
        let pValue: Double?
    }

    private enum Form: Sendable {
        case sorted(SortedSample)
        case binned(edges: [Double], shares: [Double])
        case categories([String: Int], counts: [Int], total: Int)
    }

    private let method: ChunkMethod
    private let form: Form

    /// Sorts, bins or counts the reference.
    init(_ reference: ChunkedColumn, _ method: ChunkMethod) throws(MartletError) {
        self.method = method
        let sample = reference.present
        try Self.check(sample, method, side: "reference")
        guard sample.count > 0 else {
            throw MartletError(
                .failedPrecondition,
                "insufficient data: the reference has no value for \(method.rawValue)."
            )
        }
        switch sample {
        case .numbers(let values, _):
            let sorted = try SortedSample(sample, for: .kolmogorovSmirnov, side: "reference")
            guard method == .jensenShannon || method == .hellinger else {
                form = .sorted(sorted)
                return
            }
            // The peer bins whole numbers like any others.
            let edges = HistogramBins.doane(values, areIntegers: false)
            let counts = HistogramBins.counts(sorted: sorted.values, edges: edges)
            form = .binned(edges: edges, shares: ShareDistance.shares(counts, of: sorted.count))
        case .categories(let values):
            var places: [String: Int] = [:]
            var counts: [Int] = []
            for value in values {
                if let place = places[value] {
                    counts[place] += 1
                } else {
                    places[value] = counts.count
                    counts.append(1)
                }
            }
            form = .categories(places, counts: counts, total: values.count)
        }
    }

    /// Compares a chunk; nil when it has no value.
    func compare(_ chunk: ChunkedColumn) throws(MartletError) -> Found? {
        let sample = chunk.present
        try Self.check(sample, method, side: "chunk")
        guard sample.count > 0 else { return nil }
        switch (form, sample) {
        case (.sorted(let reference), .numbers):
            let current = try SortedSample(sample, for: .kolmogorovSmirnov, side: "chunk")
            let value =
                method == .wasserstein
                ? CumulativeDistance.wasserstein(reference, current)
                : Self.largestGap(reference.values, current.values)
            return Found(value: value, pValue: nil)
        case (.binned(let edges, let shares), .numbers):
            let current = try SortedSample(sample, for: .kolmogorovSmirnov, side: "chunk")
            let counts = HistogramBins.counts(sorted: current.values, edges: edges)
            let outside = current.count - counts.reduce(0, +)
            let found = ShareDistance.shares(counts + [outside], of: current.count)
            return Found(value: distance(shares + [0], found), pValue: nil)
        case (.categories(let places, let counts, let total), .categories(let values)):
            return try compare(values, places, counts, total)
        default:
            let kind = sample.isNumeric ? "numbers" : "text"
            throw MartletError(.invalidArgument, "The chunk holds \(kind); the reference does not.")
        }
    }

    private func compare(
        _ values: [String],
        _ places: [String: Int],
        _ counts: [Int],
        _ total: Int
    ) throws(MartletError) -> Found {
        var found = [Int](repeating: 0, count: counts.count)
        var unseen: [String: Int] = [:]
        for value in values {
            if let place = places[value] { found[place] += 1 } else { unseen[value, default: 0] += 1 }
        }
        // Distances put all unseen categories into one bin; the table and the largest difference keep them apart.
        let apart = unseen.values.sorted()
        if method == .chiSquared {
            let zeros = [Int](repeating: 0, count: apart.count)
            let test = try ChiSquared.contingency(reference: counts + zeros, current: found + apart)
            return Found(value: test.statistic, pValue: test.pValue)
        }
        let others = method == .lInfinity ? apart : [apart.reduce(0, +)]
        let shares = ShareDistance.shares(counts + others.map { _ in 0 }, of: total)
        return Found(value: distance(shares, ShareDistance.shares(found + others, of: values.count)), pValue: nil)
    }

    private func distance(_ reference: [Double], _ current: [Double]) -> Double {
        switch method {
        case .jensenShannon: ShareDistance.jensenShannon(reference, current, base: 2)
        case .lInfinity: ShareDistance.largestDifference(reference, current)
        // As a sum of squares, which keeps its digits near 0.
        default:
            (zip(reference, current).reduce(0) { $0 + Self.square($1.0.squareRoot() - $1.1.squareRoot()) } / 2)
                .squareRoot()
        }
    }

    private static func square(_ value: Double) -> Double { value * value }

    /// The largest distance of the distribution functions of two ascending samples.
    private static func largestGap(_ first: [Double], _ second: [Double]) -> Double {
        var (i, j, largest) = (0, 0, 0.0)
        while i < first.count, j < second.count {
            let value = min(first[i], second[j])
            while i < first.count, first[i] <= value { i += 1 }
            while j < second.count, second[j] <= value { j += 1 }
            largest = max(largest, abs(Double(i) / Double(first.count) - Double(j) / Double(second.count)))
        }
        return largest
    }

    private static func check(_ sample: UnivariateSample, _ method: ChunkMethod, side: String) throws(MartletError) {
        guard sample.isNumeric ? method.takesNumbers : method.takesCategories else {
            let kind = sample.isNumeric ? "numbers" : "text"
            throw MartletError(
                .invalidArgument,
                "The method \(method.rawValue) does not compare \(kind), as the \(side) holds."
            )
        }
        guard sample.count <= StatisticsLimits.columnValues else {
            throw MartletError(
                .payloadTooLarge,
                "The \(side) has \(sample.count) values; the limit is \(StatisticsLimits.columnValues). Sample it first."
            )
        }
    }
}
