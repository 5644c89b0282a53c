import Core

/// Finds out what the columns of a first block hold.
enum SchemaInference {
    /// The declared columns, or those of the block with their types.
    static func columns(of spec: DatasetSpec, source: DatasetSource, rows: RowGatherer)
        throws(MartletError)
        -> [DatasetColumn]
    {
        guard spec.columns.isEmpty else { return spec.columns }
        guard (1...DatasetsLimits.columns).contains(rows.columns.count) else {
            throw MartletError(
                .invalidArgument,
                rows.columns.isEmpty
                    ? "'\(source.name)' has no row, so its columns are not known; declare 'columns'."
                    : "'\(source.name)' has \(rows.columns.count) columns; at most \(DatasetsLimits.columns) are accepted."
            )
        }
        let missing = Set(source.missing)
        var columns: [DatasetColumn] = []
        for name in rows.columns {
            _ = try DatasetColumn.checkedName(name, path: "a column of '\(source.name)'")
            let kind = kind(of: rows.column(name), missing: missing, isCSV: source.format == .csv)
            // What rows are known by is kept to the letter.
            columns.append(DatasetColumn(name: name, kind: kind))
        }
        try spec.requireKnownColumns(Set(rows.columns), path: "data.\(spec.name)")
        return columns
    }

    /// A number when every cell that is there is one.
    ///
    /// Whole numbers that a floating-point number would change are text, except in CSV, where columns of numbers have always
    /// been numbers.
    static func kind(of cells: [String?], missing: Set<String>, isCSV: Bool) -> DatasetColumn.Kind {
        for cell in cells {
            guard let text = cell?.trimmingWhitespace, !missing.contains(text) else { continue }
            guard CellCleaner.number(text) != nil else { return .string }
            if !isCSV, text.utf8.count > 15, let whole = Int64(text),
                Int64(exactly: Double(whole)) != whole
            {
                return .string
            }
        }
        return .number
    }
}
