import Core

/// How the values of a column are spread on both sides, in the same bins.
package enum PairedDistribution: Sendable, Equatable {
    /// Counts between ascending edges; the last bin holds its upper edge. For text, of lengths in characters.
    case histogram(edges: [Double], reference: [Int], current: [Int], ofLengths: Bool)
    /// Counts by category, the commonest first; the rest is one category without a name.
    case frequencies(names: [String?], reference: [Int], current: [Int])
    /// Neither side has a value.
    case none

    /// Bins of a histogram.
    static let bins = 20

    init(_ reference: ColumnSide, _ current: ColumnSide) {
        switch (reference, current) {
        case (.numbers(let past), .numbers(let present)):
            self = Self.histogram(past, present, ofLengths: false)
        case (.text(_, let past), .text(_, let present)):
            self = Self.histogram(past, present, ofLengths: true)
        case (.categories(let past), .categories(let present)):
            self = Self.frequencies(past, present)
        default: self = .none
        }
    }

    private static func histogram(_ past: [Double], _ present: [Double], ofLengths: Bool) -> PairedDistribution {
        let ends = [past.first, present.first, past.last, present.last].compactMap(\.self)
        guard let low = ends.min(), let high = ends.max() else { return .none }
        let edges = edges(from: low, to: high, areWhole: ofLengths)
        return .histogram(
            edges: edges,
            reference: counts(past, edges),
            current: counts(present, edges),
            ofLengths: ofLengths
        )
    }

    private static func edges(from low: Double, to high: Double, areWhole: Bool) -> [Double] {
        guard high > low else { return [low - 0.5, low + 0.5] }
        if areWhole, high - low < Double(bins) {
            return (0...Int(high - low) + 1).map { low + Double($0) - 0.5 }
        }
        // Halves, because the difference of two large numbers may overflow.
        let width = high / Double(bins) - low / Double(bins)
        var edges = (0..<bins).map { low + Double($0) * width }
        edges.append(high)
        return zip(edges, edges.dropFirst()).allSatisfy { $0 < $1 } ? edges : [low, high]
    }

    private static func counts(_ sorted: [Double], _ edges: [Double]) -> [Int] {
        var counts = [Int](repeating: 0, count: edges.count - 1)
        var start = 0
        for bin in 0..<counts.count {
            let isLast = bin == counts.count - 1
            let end = isLast ? sorted.count : firstIndex(in: sorted, from: start, notBelow: edges[bin + 1])
            counts[bin] = end - start
            start = end
        }
        return counts
    }

    private static func firstIndex(in sorted: [Double], from start: Int, notBelow bound: Double) -> Int {
        var (low, high) = (start, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < bound { low = middle + 1 } else { high = middle }
        }
        return low
    }

    private static func frequencies(_ past: [String: Int], _ present: [String: Int]) -> PairedDistribution {
        let totals = past.merging(present, uniquingKeysWith: +)
        guard !totals.isEmpty else { return .none }
        let ordered = totals.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        let listed = ordered.prefix(DriftLimits.listedCategories).map(\.key)
        var names = listed.map(Optional.some)
        var reference = listed.map { past[$0] ?? 0 }
        var current = listed.map { present[$0] ?? 0 }
        if ordered.count > listed.count {
            names.append(nil)
            reference.append(past.values.reduce(0, +) - reference.reduce(0, +))
            current.append(present.values.reduce(0, +) - current.reduce(0, +))
        }
        return .frequencies(names: names, reference: reference, current: current)
    }

    /// One side as Evidently's `small_distribution`: densities between edges, or counts of categories.
    func json(ofReference: Bool) -> JSONValue {
        switch self {
        case .none: return .null
        case .histogram(let edges, let reference, let current, _):
            let counts = ofReference ? reference : current
            let total = Double(counts.reduce(0, +))
            let densities = zip(counts, zip(edges, edges.dropFirst())).map { count, edge in
                total > 0 ? Double(count) / total / (edge.1 - edge.0) : 0
            }
            return [
                "x": .array(edges.map(JSONValue.number)),
                "y": .array(densities.map { .number($0.isFinite ? $0 : 0) }),
            ]
        case .frequencies(let names, let reference, let current):
            return [
                "x": .array(names.map { .string($0 ?? "(other)") }),
                "y": .array((ofReference ? reference : current).map { .int($0) }),
            ]
        }
    }
}
