package import Core
import Statistics
import Synchronization

/// What a table holds: its columns one by one, what repeats, what is empty, and which columns go together.
package struct QualityProfile: Sendable, Equatable {
    /// How many rows there are.
    package let rowCount: Int
    /// The columns in the table's order.
    package let columns: [ColumnProfile]
    /// Rows that repeat an earlier one; missing values equal each other.
    package let duplicatedRows: Int
    /// Rows in which every value is missing.
    package let emptyRows: Int
    /// Pairs of columns that hold the same values, by name; at most `QualityLimits.listedValues` are listed.
    package let duplicatedColumnPairs: [[String]]
    /// How many pairs of columns hold the same values.
    package let duplicatedColumns: Int
    /// The correlations of number columns (Pearson, Spearman) and text columns (Cramér's V); empty when they were not asked for.
    package let correlations: [Correlation]

    /// Profiles a table.
    ///
    /// - Parameters:
    ///   - table: the rows; none and one are as welcome as many.
    ///   - correlations: whether pairs of columns are compared as well.
    /// - Throws: `resourceExhausted` past `QualityLimits.rows`.
    package init(of table: Table, correlations: Bool = true) throws(MartletError) {
        self.init(table, try Self.scans(table), correlations: correlations)
    }

    init(_ table: Table, _ scans: [ColumnScan], correlations: Bool) {
        rowCount = table.rowCount
        columns = scans.map(\.profile)
        let rows = RepeatedRows(table, scans)
        (duplicatedRows, emptyRows) = (rows.duplicated, rows.empty)
        let pairs = RepeatedColumns.pairs(table, scans)
        duplicatedColumns = pairs.count
        duplicatedColumnPairs = pairs.prefix(QualityLimits.listedValues).map { [$0.first, $0.second] }
        self.correlations = correlations ? Self.correlations(scans) : []
    }

    static func scans(_ table: Table) throws(MartletError) -> [ColumnScan] {
        try requireFits(rows: table.rowCount)
        let scans = Mutex([ColumnScan?](repeating: nil, count: table.columns.count))
        ParallelLoop.perform(table.columns.count, worthwhile: table.rowCount * table.columns.count > 20_000) { index in
            let scan = ColumnScan(table.columns[index])
            scans.withLock { $0[index] = scan }
        }
        return scans.withLock { $0.compactMap(\.self) }
    }

    /// Throws `resourceExhausted` when a table has more than `QualityLimits.rows` rows.
    package static func requireFits(rows: Int) throws(MartletError) {
        guard rows <= QualityLimits.rows else {
            throw MartletError(
                .resourceExhausted,
                "The table has \(rows) rows; at most \(QualityLimits.rows) are profiled."
            )
        }
    }

    /// The column of that name.
    package subscript(_ name: String) -> ColumnProfile? {
        columns.first { $0.name == name }
    }

    /// Missing values in all columns.
    package var missing: Int { columns.reduce(0) { $0 + $1.missing } }
    /// Infinite values in all columns.
    package var infinities: Int { columns.reduce(0) { $0 + $1.infinities } }
    /// Columns with at most one value.
    package var constantColumns: Int { columns.count(where: \.isConstant) }
    /// Columns in which one value stands in at least 95 % of the rows.
    package var almostConstantColumns: Int { columns.count(where: \.isAlmostConstant) }
    /// Columns without any value.
    package var emptyColumns: Int { columns.count(where: \.isEmpty) }

    private static func correlations(_ scans: [ColumnScan]) -> [Correlation] {
        var numbers: [(name: String, values: (byRow: [Double], order: ValueOrder))] = []
        var texts: [(name: String, codes: TextCodes)] = []
        for scan in scans where scan.profile.distinct > 1 {
            switch scan.values {
            case .numbers(let byRow, let order, _) where numbers.count < QualityLimits.correlatedColumns:
                numbers.append((scan.profile.name, (byRow, order)))
            case .texts(let codes)
            where texts.count < QualityLimits.associatedColumns
                && codes.categories.count <= QualityLimits.associatedCategories:
                texts.append((scan.profile.name, codes))
            default: break
            }
        }
        let pairs = NumberPairs(numbers.map(\.values))
        var found: [Correlation] = []
        for (method, values) in [(Correlation.Method.pearson, pairs.pearson()), (.spearman, pairs.spearman())] {
            for (index, first) in numbers.enumerated() {
                for other in numbers.indices.dropFirst(index + 1) {
                    found.append(
                        Correlation(
                            first: first.name,
                            second: numbers[other].name,
                            method: method,
                            value: values[index * numbers.count + other]
                        )
                    )
                }
            }
        }
        for (index, first) in texts.enumerated() {
            for second in texts.dropFirst(index + 1) {
                let value = CramersV.value(first.codes, second.codes)
                found.append(Correlation(first: first.name, second: second.name, method: .cramerV, value: value))
            }
        }
        return found
    }
}
