package import Core

/// The held-out rows that the demo sends: in two pools, so that no row of the second was ever trained on.
///
/// The first pool is the traffic until the retrained model exists, which may train on it once labels have come. The
/// second is the traffic after that.
package struct TrafficRows: Sendable {
    /// Which rows are sent.
    package enum Pool: Sendable {
        case first
        case second
    }

    /// The features' names in order.
    package let features: [String]
    private let pools: [Pool: [(features: [Double], label: String)]]
    private var cursors: [Pool: Int] = [:]

    /// Divides rows (values in the order of `columns`) in an order that belongs to `seed`; `target` has the answers,
    /// whose names are `classes` where they are numbers.
    ///
    /// - Throws: `invalidArgument` when the target is no column or a value is no number.
    package init(
        columns: [String],
        rows: [[JSONValue]],
        target: String,
        classes: [String] = [],
        seed: UInt64
    ) throws(MartletError) {
        guard let position = columns.firstIndex(of: target) else {
            throw MartletError(.invalidArgument, "The rows have no column '\(target)'.")
        }
        var generator = SeededGenerator(seed: seed)
        var shuffled: [(features: [Double], label: String)] = []
        for index in generator.permutation(rows.count) {
            var values: [Double] = []
            for (column, value) in rows[index].enumerated() where column != position {
                guard let number = value.doubleValue else {
                    throw MartletError(.invalidArgument, "A value of column '\(columns[column])' is no number.")
                }
                values.append(number)
            }
            shuffled.append((values, Self.label(rows[index][position], classes)))
        }
        let border = shuffled.count * 2 / 3
        guard border > 0, border < shuffled.count else {
            throw MartletError(.invalidArgument, "There are too few held-out rows (\(shuffled.count)) for traffic.")
        }
        features = columns.enumerated().filter { $0.offset != position }.map(\.element)
        pools = [.first: Array(shuffled[..<border]), .second: Array(shuffled[border...])]
    }

    /// The answer as the class's name, where numbers count classes.
    private static func label(_ answer: JSONValue, _ classes: [String]) -> String {
        guard let number = answer.integerValue, let index = Int(exactly: number) else {
            return answer.stringValue ?? answer.description
        }
        return classes.indices.contains(index) ? classes[index] : String(index)
    }

    /// How many rows a pool has.
    package func count(of pool: Pool) -> Int {
        pools[pool]?.count ?? 0
    }

    /// The next row of a pool, over and over in the same order.
    package mutating func next(from pool: Pool) -> (features: [Double], label: String)? {
        guard let rows = pools[pool], !rows.isEmpty else { return nil }
        let cursor = cursors[pool, default: 0] % rows.count
        cursors[pool] = cursor + 1
        return rows[cursor]
    }
}
