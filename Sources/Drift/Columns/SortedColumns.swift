import Core
import Statistics

/// Sorts each column of numbers by itself, for what looks at columns one at a time.
enum SortedColumns {
    /// The table with every column of numbers in ascending order, infinite and missing values last; rows no longer belong together.
    static func of(_ table: Table) -> Table {
        let columns = table.columns
        let sorted = concurrentMap(columns.count, isLarge: table.rowCount > 1_000) { index in
            guard case .numbers(let values) = columns[index].values else { return columns[index] }
            let finite = values.filter(\.isFinite)
            guard finite.count < values.count else {
                return Column(name: columns[index].name, values: .numbers(OrderedDoubles.sorted(values)))
            }
            let others = values.filter { !$0.isFinite }.sorted { !$0.isNaN && $1.isNaN }
            let ordered = OrderedDoubles.sorted(finite) + others
            return Column(name: columns[index].name, values: .numbers(ordered))
        }
        do { return try Table(columns: sorted) } catch { return table }
    }
}
