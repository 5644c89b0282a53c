import Core
import Statistics

/// Sorts each column of numbers by itself, for what looks at columns one at a time.
enum SortedColumns {
    /// The table with every column of numbers in ascending order, missing values last; rows no longer belong together.
    static func of(_ table: Table) -> Table {
        let columns = table.columns
        let sorted = concurrentMap(columns.count, isLarge: table.rowCount > 1_000) { index in
            guard case .numbers(let values) = columns[index].values else { return columns[index] }
            let missing = values.count { $0.isNaN }
            let present = missing == 0 ? values : values.filter { !$0.isNaN }
            let ordered = SortedNumbers.sorted(present) + Array(repeating: Double.nan, count: missing)
            return Column(name: columns[index].name, values: .numbers(ordered))
        }
        do { return try Table(columns: sorted) } catch { return table }
    }
}
