import Statistics
import Synchronization

/// The correlations of all pairs of number columns.
///
/// A pair is compared in the rows that have both values, as pandas does. Deviations are scaled to length 1, with 0 for what is
/// missing: a pair that misses values in the same rows is one sum of products, and any other pair a few sums more.
struct NumberPairs {
    private let columns: [PreparedColumn]
    private let rows: Int

    /// Prepares columns; of more than `QualityLimits.correlatedRows` rows evenly spaced ones are taken.
    init(_ columns: [(byRow: [Double], order: ValueOrder)]) {
        let isLarge = columns.count * (columns.first?.byRow.count ?? 0) > 20_000
        let prepared = Mutex([PreparedColumn?](repeating: nil, count: columns.count))
        ParallelLoop.perform(columns.count, worthwhile: isLarge) { index in
            let column = Self.prepared(columns[index].byRow, columns[index].order.rows)
            prepared.withLock { $0[index] = column }
        }
        self.columns = prepared.withLock { $0.compactMap(\.self) }
        rows = self.columns.first?.scaled.count ?? 0
    }

    private static func prepared(_ byRow: [Double], _ ascending: [Int32]) -> PreparedColumn {
        let step = max(1, (byRow.count + QualityLimits.correlatedRows - 1) / QualityLimits.correlatedRows)
        guard step > 1 else { return PreparedColumn(byRow, ascending: ascending) }
        return PreparedColumn(
            stride(from: 0, to: byRow.count, by: step).map { byRow[$0] },
            ascending: ascending.lazy.filter { Int($0) % step == 0 }.map { $0 / Int32(step) }
        )
    }

    private var hasGaps: Bool { columns.contains { !$0.missing.isEmpty } }

    /// Pearson's correlations, `count × count` row by row, of which the part above the diagonal is meant; nil where a column
    /// is constant or fewer than two rows have both values.
    func pearson() -> [Double?] {
        let deviations = ColumnBlock(columns.map(\.unit))
        let products = deviations.products(deviations)
        let joint = hasGaps ? JointSums(deviations, ColumnBlock(columns.map(\.mask))) : nil
        return values { first, second in
            let product = products[first * columns.count + second]
            let (left, right) = (columns[first], columns[second])
            guard let joint, left.missing != right.missing else {
                return left.isConstant || right.isConstant ? nil : product
            }
            switch joint.correlation(first, second, product) {
            case .value(let value): return value
            case .none: return nil
            case .uncertain: return Self.exactly(left, right)
            }
        }
    }

    /// Spearman's correlations, in the same form.
    func spearman() -> [Double?] {
        let ranks = ColumnBlock(columns.map(\.unitRanks))
        let products = ranks.products(ranks)
        let joint = hasGaps ? jointSpearman() : nil
        return values { first, second in
            let (left, right) = (columns[first], columns[second])
            guard let joint, left.missing != right.missing else {
                return left.isConstant || right.isConstant ? nil : products[first * columns.count + second]
            }
            return joint[first * columns.count + second]
        }
    }

    private func values(_ value: (Int, Int) -> Double?) -> [Double?] {
        var values = [Double?](repeating: nil, count: columns.count * columns.count)
        for first in columns.indices {
            for second in columns.indices.dropFirst(first + 1) {
                values[first * columns.count + second] = value(first, second).map { min(max($0, -1), 1) }
            }
        }
        return values
    }

    /// Ranks count only the rows that both columns have, so they differ from pair to pair.
    private func jointSpearman() -> [Double?] {
        let count = columns.count
        let found = Mutex([Double?](repeating: nil, count: count * count))
        ParallelLoop.perform(count, worthwhile: count * rows > 5000) { first in
            var left = RankBuffer(rows: rows)
            var right = RankBuffer(rows: rows)
            var values = [Double?](repeating: nil, count: count)
            for second in columns.indices.dropFirst(first + 1)
            where columns[first].missing != columns[second].missing {
                left.fill(columns[first], among: columns[second])
                right.fill(columns[second], among: columns[first])
                values[second] = left.correlation(with: right)
            }
            found.withLock { found in
                for (second, value) in values.enumerated() { found[first * count + second] = value }
            }
        }
        return found.withLock { $0 }
    }

    /// Pearson's correlation in two passes over the rows that both columns have.
    private static func exactly(_ left: PreparedColumn, _ right: PreparedColumn) -> Double? {
        let both = left.mask.indices.filter { left.mask[$0] * right.mask[$0] != 0 }
        let (x, y) = (both.map { left.scaled[$0] }, both.map { right.scaled[$0] })
        guard let firstX = x.first, let firstY = y.first, x.contains(where: { $0 != firstX }),
            y.contains(where: { $0 != firstY })
        else { return nil }
        let (unitX, unitY) = (PreparedColumn.unit(x), PreparedColumn.unit(y))
        return zip(unitX, unitY).reduce(0) { $0 + $1.0 * $1.1 }
    }
}

/// The sums that Pearson's correlation needs of the rows that both columns have.
private struct JointSums {
    private let count: Int
    private let sums: [Double]
    private let squares: [Double]
    private let rows: [Double]

    enum Outcome {
        case value(Double)
        case none
        /// So little of a column's spread lies in the common rows that rounding would show.
        case uncertain
    }

    init(_ deviations: ColumnBlock, _ masks: ColumnBlock) {
        count = deviations.count
        sums = deviations.products(masks)
        squares = deviations.squared.products(masks)
        rows = masks.products(masks)
    }

    func correlation(_ first: Int, _ second: Int, _ product: Double) -> Outcome {
        let (here, there) = (first * count + second, second * count + first)
        let common = rows[here]
        guard common > 1 else { return .none }
        let covariance = product - sums[here] * sums[there] / common
        let left = squares[here] - sums[here] * sums[here] / common
        let right = squares[there] - sums[there] * sums[there] / common
        guard left > Self.spread, right > Self.spread else { return .uncertain }
        return .value(covariance / (left * right).squareRoot())
    }

    /// The share of a column's spread below which the sums are not trusted.
    private static let spread = 1e-3
}
