package import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// How well scores order the rows of each group, with the gains of XGBoost and LightGBM.
///
/// Rows of equal score stand in the order in which they came. Groups without a relevant row say nothing and are left out.
package struct GroupRanking: Sendable, Equatable {
    /// What one group came to.
    package struct Group: Sendable, Equatable {
        /// Normalised discounted cumulative gain over all its rows, gains being 2^relevance − 1.
        package let ndcg: Double
        /// The same over its first ten rows.
        package let ndcgAt10: Double
        /// The mean precision at each relevant row.
        package let averagePrecision: Double
        /// One over the place of the first relevant row.
        package let reciprocalRank: Double
    }

    /// How many rows were judged.
    package let rows: Int
    /// The groups with a relevant row, in order.
    package let groups: [Group]

    /// Judges scores.
    ///
    /// - Throws: `invalidArgument` when sizes differ.
    package init(scores: [Float], relevances: [Float], groups sizes: [Int]) throws(MartletError) {
        guard scores.count == relevances.count, sizes.reduce(0, +) == scores.count, sizes.allSatisfy({ $0 > 0 }) else {
            throw MartletError(
                .invalidArgument,
                "\(scores.count) scores do not fit \(relevances.count) rows in \(sizes.count) groups."
            )
        }
        rows = scores.count
        var start = 0
        var judged: [Group] = []
        for size in sizes {
            let range = start..<start + size
            start += size
            if let group = Self.judge(range, scores, relevances) { judged.append(group) }
        }
        groups = judged
    }

    private static func judge(_ range: Range<Int>, _ scores: [Float], _ relevances: [Float]) -> Group? {
        let order = range.sorted { (-scores[$0], $0) < (-scores[$1], $1) }.map { relevances[$0] }
        let ideal = order.sorted(by: >)
        guard let most = ideal.first, most > 0 else { return nil }
        var (hits, precision, first) = (0, 0.0, 0)
        for (place, relevance) in order.enumerated() where relevance > 0 {
            hits += 1
            precision += Double(hits) / Double(place + 1)
            if first == 0 { first = place + 1 }
        }
        return Group(
            ndcg: gain(order, .max) / gain(ideal, .max),
            ndcgAt10: gain(order, 10) / gain(ideal, 10),
            averagePrecision: precision / Double(hits),
            reciprocalRank: 1 / Double(first)
        )
    }

    private static func gain(_ relevances: [Float], _ places: Int) -> Double {
        relevances.prefix(places).enumerated().reduce(0) { sum, row in
            sum + (exp2(Double(row.element)) - 1) / log2(Double(row.offset) + 2)
        }
    }

    /// The mean over groups, each counted as often as `counts` says.
    func named(counts: [Int]? = nil) -> [(name: String, value: Double)] {
        let total = Double(counts.map { $0.reduce(0, +) } ?? groups.count)
        let mean = { (metric: (Group) -> Double) -> Double in
            var sum = 0.0
            for (place, group) in groups.enumerated() { sum += metric(group) * Double(counts?[place] ?? 1) }
            return sum / total
        }
        return [
            ("ndcg", mean { $0.ndcg }), ("ndcg_at_10", mean { $0.ndcgAt10 }), ("map", mean { $0.averagePrecision }),
            ("mrr", mean { $0.reciprocalRank }),
        ]
    }

    /// `ndcg`, `ndcg_at_10`, `map` and `mrr`: means over the groups; NaN without a relevant row.
    package var named: [(name: String, value: Double)] { named() }
}
