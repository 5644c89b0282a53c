package import Core

/// How far a metric may be off by chance: percentile intervals over resampled rows (Efron and Tibshirani 1993, chapter 13).
package enum Bootstrap {
    /// A metric with its interval.
    package struct Interval: Sendable, Equatable {
        /// The metric's name.
        package let name: String
        /// The metric over all rows.
        package let value: Double
        /// The lower end.
        package let low: Double
        /// The upper end.
        package let high: Double

        /// `value`, `low` and `high`.
        package var json: JSONValue { ["value": .number(value), "low": .number(low), "high": .number(high)] }
    }

    /// The share of resamples between the ends.
    package static let level = 0.95

    /// How many resamples so many rows are given: fewer of many rows, for these vary less.
    package static func resamples(of units: Int) -> Int {
        let affordable = LearningLimits.bootstrapDraws / max(1, units)
        return min(LearningLimits.bootstrapResamples, max(LearningLimits.bootstrapMinimum, affordable))
    }

    /// The intervals of metrics.
    ///
    /// - Parameters:
    ///   - units: how many rows, or groups of rows, there are to draw from.
    ///   - seed: the same seed and rows give the same intervals.
    ///   - metrics: the metrics' names and values when each unit counts as often as the numbers say; NaN for none.
    /// - Returns: the metrics that have a value in nearly all resamples.
    package static func intervals(
        units: Int,
        seed: UInt64,
        metrics: ([Int32]) -> [(name: String, value: Double)]
    ) -> [Interval] {
        guard units > 1 else { return [] }
        let whole = metrics([Int32](repeating: 1, count: units))
        var random = SeededGenerator(seed: seed)
        let rounds = resamples(of: units)
        var values = [[Double]](repeating: [], count: whole.count)
        for _ in 0..<rounds {
            let drawn = metrics(draw(units, &random))
            for (position, metric) in drawn.enumerated() where metric.value.isFinite {
                values[position].append(metric.value)
            }
        }
        return whole.enumerated().compactMap { position, metric in
            // Where resamples of one class give no value, an interval over the others would be too narrow.
            guard metric.value.isFinite, values[position].count * 20 >= rounds * 19 else { return nil }
            let ordered = values[position].sorted()
            return Interval(
                name: metric.name,
                value: metric.value,
                low: quantile(ordered, (1 - level) / 2),
                high: quantile(ordered, (1 + level) / 2)
            )
        }
    }

    private static func draw(_ units: Int, _ random: inout SeededGenerator) -> [Int32] {
        var counts = [Int32](repeating: 0, count: units)
        let bound = UInt64(units)
        for _ in 0..<units { counts[Int(random.next().multipliedFullWidth(by: bound).high)] += 1 }
        return counts
    }

    /// The quantile with linear interpolation (type 7).
    static func quantile(_ ordered: [Double], _ share: Double) -> Double {
        let place = share * Double(ordered.count - 1)
        let below = Int(place.rounded(.down))
        let above = min(below + 1, ordered.count - 1)
        return ordered[below] + (place - Double(below)) * (ordered[above] - ordered[below])
    }
}
