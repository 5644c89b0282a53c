/// Cramér's V of two columns of categories, by the chi-squared statistic of their table of counts without correction.
enum CramersV {
    /// The association of two coded columns in the rows that have both values; nil when one of them has a single category there.
    static func value(_ first: TextCodes, _ second: TextCodes) -> Double? {
        let (rows, columns) = (first.categories.count, second.categories.count)
        // Counts lie in a table as long as that is no larger than the data; beyond, in a dictionary.
        let (cells, overflow) = rows.multipliedReportingOverflow(by: columns)
        var counts: [Int: Int] = [:]
        var table = [Int32](repeating: 0, count: overflow || cells > tableCells ? 0 : cells)
        var rowSums = [Int](repeating: 0, count: rows)
        var columnSums = [Int](repeating: 0, count: columns)
        var total = 0
        for (left, right) in zip(first.codes, second.codes) where left >= 0 && right >= 0 {
            let cell = Int(left) &* columns &+ Int(right)
            if table.isEmpty { counts[cell, default: 0] += 1 } else { table[cell] += 1 }
            rowSums[Int(left)] += 1
            columnSums[Int(right)] += 1
            total += 1
        }
        let smaller = min(rowSums.count { $0 > 0 }, columnSums.count { $0 > 0 }) - 1
        guard smaller > 0 else { return nil }
        // χ²/n = Σ observed²/(row · column) − 1, over the cells that are not empty.
        var sum = 0.0
        for (cell, count) in table.enumerated() where count > 0 {
            sum += term(Double(count), rowSums[cell / columns], columnSums[cell % columns])
        }
        for cell in counts.keys.sorted() {
            sum += term(Double(counts[cell] ?? 0), rowSums[cell / columns], columnSums[cell % columns])
        }
        return min((max(sum - 1, 0) / Double(smaller)).squareRoot(), 1)
    }

    private static let tableCells = 1 << 20

    private static func term(_ count: Double, _ row: Int, _ column: Int) -> Double {
        count * count / (Double(row) * Double(column))
    }
}
