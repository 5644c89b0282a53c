import Core
import Statistics

/// One side of a column in numbers.
package struct ColumnSummary: Sendable, Equatable {
    /// What numbers on a scale have beside their count.
    package struct Spread: Sendable, Equatable {
        /// The arithmetic mean.
        package let mean: Double
        /// The standard deviation over n - 1; 0 for one value.
        package let deviation: Double
        /// The smallest value.
        package let minimum: Double
        /// The quartiles, linear between order statistics.
        package let quartiles: [Double]
        /// The largest value.
        package let maximum: Double
    }

    /// Rows of the table.
    package let rows: Int
    /// Values that can be compared.
    package let count: Int
    /// Missing values.
    package let missing: Int
    /// Infinities.
    package let infinities: Int
    /// Values of another type, such as text among numbers.
    package let foreign: Int
    /// Distinct values.
    package let distinct: Int
    /// Mean, deviation and quantiles; nil for categories and text, and without a value.
    package let spread: Spread?
    /// The commonest category; nil for numbers and without a value.
    package let mostCommon: String?

    /// The share of rows whose value is missing; 0 without rows.
    package var missingShare: Double { rows > 0 ? Double(missing) / Double(rows) : 0 }

    init(_ sample: ColumnSample, side: ColumnSide) {
        rows = sample.rows
        count = sample.count
        missing = sample.missing
        infinities = sample.infinities
        foreign = sample.foreign
        switch side {
        case .numbers(let sorted):
            distinct = sorted.isEmpty ? 0 : 1 + zip(sorted, sorted.dropFirst()).count { $0 != $1 }
            spread = Spread(sorted: sorted)
            mostCommon = nil
        case .categories(let counts), .text(let counts, _):
            distinct = counts.count
            spread = nil
            mostCommon = counts.max { ($0.value, $1.key) < ($1.value, $0.key) }?.key
        }
    }

    /// The members that a report writes; Evidently's names where it has them.
    var members: [(String, JSONValue)] {
        var pairs: [(String, JSONValue)] = [
            ("number_of_rows", .int(rows)), ("count", .int(count)), ("number_of_missing_values", .int(missing)),
            ("share_of_missing_values", .number(missingShare)), ("number_of_infinite_values", .int(infinities)),
            ("number_of_foreign_values", .int(foreign)), ("number_of_unique_values", .int(distinct)),
        ]
        if let spread {
            pairs += [
                ("mean", .number(spread.mean)), ("std", .number(spread.deviation)), ("min", .number(spread.minimum)),
                ("p25", .number(spread.quartiles[0])), ("p50", .number(spread.quartiles[1])),
                ("p75", .number(spread.quartiles[2])), ("max", .number(spread.maximum)),
            ]
        }
        if let mostCommon { pairs.append(("most_common", .string(mostCommon))) }
        return pairs
    }
}

extension ColumnSummary.Spread {
    /// The spread of sorted numbers; nil for none.
    init?(sorted: [Double]) {
        guard let first = sorted.first, let last = sorted.last else { return nil }
        // Scaled by the largest value, so that squares of 1e300 do not overflow.
        let size = max(abs(first), abs(last))
        let scale = size > 1e100 ? size : 1
        var sum = 0.0
        for value in sorted { sum += value / scale }
        let centre = sum / Double(sorted.count)
        var squares = 0.0
        for value in sorted {
            let difference = value / scale - centre
            squares += difference * difference
        }
        mean = min(max(centre * scale, first), last)
        deviation = sorted.count > 1 ? (squares / Double(sorted.count - 1)).squareRoot() * scale : 0
        minimum = first
        maximum = last
        quartiles = [0.25, 0.5, 0.75].map { Self.quantile(sorted, $0) }
    }

    private static func quantile(_ sorted: [Double], _ share: Double) -> Double {
        let position = share * Double(sorted.count - 1)
        let lower = Int(position)
        let upper = min(lower + 1, sorted.count - 1)
        let weight = position - Double(lower)
        return sorted[lower] * (1 - weight) + sorted[upper] * weight
    }
}

/// One side of a column, ready to be counted.
enum ColumnSide: Sendable {
    /// Sorted numbers.
    case numbers([Double])
    /// Categories with their counts.
    case categories([String: Int])
    /// Texts with their counts, and the sorted lengths of all of them.
    case text([String: Int], lengths: [Double])

    init(_ sample: ColumnSample, as kind: ColumnKind) {
        switch (kind, sample.values) {
        case (.numeric, .numbers(let numbers, _)): self = .numbers(OrderedDoubles.sorted(numbers))
        case (.text, _):
            let names = sample.categoryNames
            let lengths = OrderedDoubles.sorted(names.map { Double($0.count) })
            self = .text(Self.counts(names), lengths: lengths)
        case (.categorical, .numbers(let numbers, _)):
            var counts: [Double: Int] = [:]
            for number in numbers { counts[number, default: 0] += 1 }
            self = .categories(Dictionary(counts.map { (ColumnSample.name($0.key), $0.value) }, uniquingKeysWith: +))
        default: self = .categories(Self.counts(sample.categoryNames))
        }
    }

    private static func counts(_ names: [String]) -> [String: Int] {
        var counts: [String: Int] = [:]
        for name in names { counts[name, default: 0] += 1 }
        return counts
    }
}
