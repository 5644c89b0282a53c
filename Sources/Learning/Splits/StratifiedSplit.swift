package import Core

/// Divides rows into named parts at random, with the same share of every class in each part.
package enum StratifiedSplit {
    /// Assigns a part to every row.
    ///
    /// - Parameters:
    ///   - groups: the class of each row, or the same value for all to divide without regard to classes.
    ///   - parts: names and shares; the shares add up to 1.
    ///   - seed: the same seed and groups give the same division.
    /// - Returns: the index of a part for each row.
    /// - Throws: `invalidArgument` when there are no parts or the shares do not add up to 1.
    package static func assign(
        groups: [String],
        parts: [(name: String, fraction: Double)],
        seed: UInt64
    ) throws(MartletError) -> [Int] {
        let total = parts.reduce(0) { $0 + $1.fraction }
        guard !parts.isEmpty, parts.allSatisfy({ $0.fraction >= 0 }), abs(total - 1) < 1e-6 else {
            throw MartletError(.invalidArgument, "The shares of a split add up to \(total); they must add up to 1.")
        }
        var random = SeededGenerator(seed: seed)
        var assignment = [Int](repeating: 0, count: groups.count)
        // Classes in sorted order, so that the division does not depend on which class comes first.
        let rowsOfGroup = Dictionary(grouping: groups.indices) { groups[$0] }
        for group in rowsOfGroup.keys.sorted() {
            let rows = (rowsOfGroup[group] ?? []).shuffled(using: &random)
            var (share, start) = (0.0, 0)
            for (index, part) in parts.enumerated() {
                share += part.fraction
                let end = index == parts.count - 1 ? rows.count : Int((share * Double(rows.count)).rounded())
                for position in start..<max(start, min(end, rows.count)) { assignment[rows[position]] = index }
                start = max(start, min(end, rows.count))
            }
        }
        return assignment
    }
}
