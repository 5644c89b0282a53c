package import Core

/// Divides rows into named parts by shares: at random with the same share of every class, by groups that stay together, or
/// by time.
package enum RowDivision {
    /// Assigns a part to every row.
    ///
    /// - Parameters:
    ///   - spec: Parts, shares, columns and seed.
    ///   - table: The columns that the specification names.
    ///   - count: How many rows there are.
    /// - Returns: The index of a part for each row; equal for equal rows, specification and seed.
    /// - Throws: `invalidArgument` for a column that is not there or that cannot be ordered by.
    package static func assign(_ spec: SplitSpec, _ table: Table, count: Int) throws(MartletError) -> [Int] {
        let shares = spec.parts.map(\.fraction)
        if let time = spec.time { return try byTime(try table.column(time), shares) }
        let classes = try spec.stratify.map { name throws(MartletError) in texts(try table.column(name)) }
        guard let group = spec.group else {
            let strata = classes.map { $0.map { $0 ?? "" } } ?? Array(repeating: "", count: count)
            return stratified(strata, shares, seed: spec.seed)
        }
        return grouped(texts(try table.column(group)), classes: classes, shares, seed: spec.seed)
    }

    /// The same share of every class in each part.
    private static func stratified(_ classes: [String], _ shares: [Double], seed: UInt64) -> [Int] {
        var random = SeededGenerator(seed: seed)
        var assignment = [Int](repeating: 0, count: classes.count)
        // Classes in sorted order, so that the division does not depend on which class comes first.
        let rowsOfClass = Dictionary(grouping: classes.indices) { classes[$0] }
        for name in rowsOfClass.keys.sorted() {
            let rows = (rowsOfClass[name] ?? []).shuffled(using: &random)
            var start = 0
            for (part, end) in ends(rows.count, shares).enumerated() {
                for position in start..<max(start, end) { assignment[rows[position]] = part }
                start = max(start, end)
            }
        }
        return assignment
    }

    /// Where each part ends among so many rows.
    private static func ends(_ count: Int, _ shares: [Double]) -> [Int] {
        var share = 0.0
        return shares.indices.map { part in
            share += shares[part]
            return part == shares.count - 1 ? count : min(count, Int((share * Double(count)).rounded()))
        }
    }

    /// Rows with one value in one part: the largest groups first, each to the part that lacks most of what it has.
    private static func grouped(_ groups: [String?], classes: [String?]?, _ shares: [Double], seed: UInt64) -> [Int] {
        var random = SeededGenerator(seed: seed)
        let classNumbers = numbers(of: classes, count: groups.count)
        let classCount = (classNumbers.max() ?? 0) + 1
        // A row without a group is one of its own.
        let rowsOfGroup = Dictionary(grouping: groups.indices) { groups[$0].map { "g\($0)" } ?? "r\($0)" }
        let names = rowsOfGroup.keys.sorted().shuffled(using: &random)
        let members = names.compactMap { rowsOfGroup[$0] }.enumerated().sorted { left, right in
            left.element.count != right.element.count
                ? left.element.count > right.element.count : left.offset < right.offset
        }.map(\.element)
        var totals = [Double](repeating: 0, count: classCount)
        for number in classNumbers { totals[number] += 1 }
        var missing = shares.map { share in totals.map { $0 * share } }
        var assignment = [Int](repeating: 0, count: groups.count)
        for rows in members {
            var counts = [Double](repeating: 0, count: classCount)
            for row in rows { counts[classNumbers[row]] += 1 }
            let gains = missing.map { lacking in
                // What is lacked of a class counts by how rare the class is.
                zip(zip(lacking, counts), totals).reduce(0.0) { $0 + $1.0.0 * $1.0.1 / max(1, $1.1) }
            }
            let part = gains.indices.max { gains[$0] < gains[$1] } ?? 0
            for row in rows { assignment[row] = part }
            for number in counts.indices { missing[part][number] -= counts[number] }
        }
        return assignment
    }

    private static func numbers(of classes: [String?]?, count: Int) -> [Int] {
        guard let classes else { return Array(repeating: 0, count: count) }
        let names = Set(classes.map { $0 ?? "" }).sorted()
        let places = Dictionary(uniqueKeysWithValues: names.enumerated().map { ($1, $0) })
        return classes.map { places[$0 ?? ""] ?? 0 }
    }

    /// The earliest rows in the first part; rows of one moment stay together.
    private static func byTime(_ column: Column, _ shares: [Double]) throws(MartletError) -> [Int] {
        guard column.missingCount == 0 else {
            throw MartletError(
                .invalidArgument,
                "The column '\(column.name)' is missing in \(column.missingCount) rows, so the rows have no order in time."
            )
        }
        let precedes: (Int, Int) -> Bool =
            switch column.values {
            case .numbers(let values): { values[$0] < values[$1] }
            case .integers(let values): { (values[$0] ?? 0) < (values[$1] ?? 0) }
            case .strings(let values): { (values[$0] ?? "").utf8.lexicographicallyPrecedes((values[$1] ?? "").utf8) }
            }
        let order = (0..<column.values.count).sorted { precedes($0, $1) || !precedes($1, $0) && $0 < $1 }
        var assignment = [Int](repeating: 0, count: order.count)
        var start = 0
        for (part, end) in ends(order.count, shares).enumerated() {
            var end = max(start, end)
            while end > 0, end < order.count, !precedes(order[end - 1], order[end]) { end += 1 }
            for position in start..<end { assignment[order[position]] = part }
            start = end
        }
        return assignment
    }

    private static func texts(_ column: Column) -> [String?] {
        switch column.values {
        case .integers(let values): values.map { $0.map(String.init) }
        case .strings(let values): values
        case .numbers(let values): values.map { $0.isNaN ? nil : "\($0)" }
        }
    }
}
