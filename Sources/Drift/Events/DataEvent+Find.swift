package import Core

extension DataEvent {
    /// Finds the events between two tables.
    ///
    /// Rises are tested against chance, so that a missing value among thousands is none; what no chance brings about (a column
    /// that is gone, a category outside a closed set) needs no test. A table without rows has no events but missing columns.
    ///
    /// - Parameters:
    ///   - reference: The rows that are taken as normal.
    ///   - current: The rows to judge.
    ///   - kinds: What the columns hold; nil infers it from the reference.
    ///   - options: Thresholds, and what to leave out.
    /// - Returns: The events in the order of the reference's columns, then new columns.
    package static func find(
        reference: Table,
        current: Table,
        kinds: ColumnKinds? = nil,
        options: DataEventOptions = DataEventOptions()
    ) -> [DataEvent] {
        let columns = reference.columns.filter { !options.ignoredColumns.contains($0.name) }
        // The more columns are looked at, the less may be left to chance in each (Bonferroni).
        var perColumn = options
        perColumn.significance /= Double(max(1, columns.count))
        perColumn.rangeSignificance /= Double(max(1, columns.count))
        let corrected = perColumn
        let byName = Dictionary(current.columns.map { ($0.name, $0) }) { first, _ in first }
        let found = concurrentMap(columns.count, isLarge: reference.rowCount + current.rowCount > 4_000) { index in
            let column = columns[index]
            let kind = kinds?[column.name] ?? ColumnKinds.kind(of: column)
            guard let now = byName[column.name] else {
                return [
                    DataEvent(
                        column: column.name,
                        kind: .missingColumn,
                        detail: "The current data has no column '\(column.name)'."
                    )
                ]
            }
            return ColumnEvents(reference: column, current: now, kind: kind, options: corrected).all
        }
        var events = found.flatMap(\.self)
        let known = Set(reference.columns.map(\.name))
        for column in current.columns where !known.contains(column.name) {
            guard !options.ignoredColumns.contains(column.name) else { continue }
            events.append(
                DataEvent(
                    column: column.name,
                    kind: .newColumn,
                    detail: "The reference has no column '\(column.name)'."
                )
            )
        }
        return events.filter { !options.ignored.contains($0.kind) }
    }
}
