import Core
import Storage

/// Adds the rows of a table to a dataset inside one write: raw text, clean cells, cursors and version together.
struct RowAppender {
    let record: DatasetRecord
    let connection: Connection
    let outbox: DatasetStore.Outbox

    func append(_ table: Table, now: Timestamp) throws -> AppendReport {
        let columns = try matched(table)
        var seen = Set(
            try connection.query("SELECT row_hash FROM \(record.cleanTable)").map {
                try $0.text("row_hash")
            }
        )
        let last = try connection.first(
            "SELECT COALESCE(MAX(row_id), 0) AS n FROM \(record.cleanTable)"
        )
        var id = last?.optionalInt("n") ?? 0
        let first = id
        var raw: [[SQLValue]] = []
        var clean: [[SQLValue]] = []
        for row in 0..<table.rowCount {
            var cells: [CleanCell] = []
            cells.reserveCapacity(columns.count)
            for position in columns.indices {
                cells.append(try cell(columns[position], row: row, position: position))
            }
            let digest = CleanCell.digest(of: cells)
            guard seen.insert(digest).inserted else { continue }
            id += 1
            raw.append([.integer(id)] + cells.map(Self.rawText))
            clean.append([.integer(id), .text(digest)] + cells.map(\.sql))
            if raw.count >= DatasetsLimits.insertRows { try insert(&raw, &clean) }
        }
        try insert(&raw, &clean)
        let added = Int(id - first)
        let version = try ContentVersion.compute(record, on: connection)
        for stage in DatasetStage.allCases {
            try connection.execute(
                """
                UPDATE dataset_cursors SET byte_offset = ?, total_rows = ?, blocks = blocks + 1, finished = 1,
                    updated_at = ? WHERE dataset = ? AND stage = ?
                """,
                [
                    .integer(id), .integer(id), .integer(now.milliseconds), .text(record.name),
                    .text(stage.rawValue),
                ]
            )
        }
        try connection.execute(
            "UPDATE datasets SET version = ?, updated_at = ? WHERE name = ?",
            [.text(version), .integer(now.milliseconds), .text(record.name)]
        )
        if version != record.version {
            let entry = DatasetVersion(
                version: version,
                rows: id,
                columns: columns.count,
                sources: [],
                at: now
            )
            try DatasetVersions.add(entry, of: record.name, outbox: outbox, on: connection)
        }
        return AppendReport(
            received: table.rowCount,
            added: added,
            duplicates: table.rowCount - added,
            rows: id,
            version: version
        )
    }

    private func insert(_ raw: inout [[SQLValue]], _ clean: inout [[SQLValue]]) throws {
        try record.rawInsert.run(raw.count, on: connection) { raw[$0] }
        try record.cleanInsert.run(clean.count, on: connection) { clean[$0] }
        raw.removeAll(keepingCapacity: true)
        clean.removeAll(keepingCapacity: true)
    }

    /// The table's columns in the dataset's order.
    private func matched(_ table: Table) throws(MartletError) -> [Column] {
        guard table.columns.count == record.columns.count else {
            throw MartletError(
                .invalidArgument,
                "The rows have \(table.columns.count) columns; the dataset '\(record.name)' has \(record.columns.count)."
            )
        }
        var columns: [Column] = []
        for stored in record.columns { columns.append(try table.column(stored.column.name)) }
        return columns
    }

    private func cell(_ column: Column, row: Int, position: Int) throws(MartletError) -> CleanCell {
        let stored = record.columns[position].column
        if let classes = record.spec.target.flatMap({ $0.column == stored.name ? $0.classes : nil }),
            !classes.isEmpty
        {
            return try classCell(column, row: row, classes: classes)
        }
        switch (stored.kind, column.values) {
        case (.number, .numbers(let values)):
            if values[row].isNaN { return .missing }
            guard values[row].isFinite else { throw mismatch(column, row: row, "a finite number") }
            return .number(values[row])
        case (.number, .integers(let values)):
            return values[row].map { .number(Double($0)) } ?? .missing
        case (.integer, .integers(let values)):
            return values[row].map(CleanCell.integer) ?? .missing
        case (.integer, .numbers(let values)):
            if values[row].isNaN { return .missing }
            guard let value = Int64(exactly: values[row]) else {
                throw mismatch(column, row: row, "a whole number")
            }
            return .integer(value)
        case (.string, .strings(let values)):
            return values[row].map(CleanCell.string) ?? .missing
        default:
            throw mismatch(column, row: row, stored.kind.rawValue)
        }
    }

    private func classCell(_ column: Column, row: Int, classes: [String]) throws(MartletError)
        -> CleanCell
    {
        let number: Int64?
        switch column.values {
        case .integers(let values):
            guard let value = values[row] else { return .missing }
            number = value
        case .numbers(let values):
            if values[row].isNaN { return .missing }
            number = Int64(exactly: values[row])
        case .strings(let values):
            guard let value = values[row] else { return .missing }
            number = classes.firstIndex(of: value).map { Int64($0) }
        }
        guard let number, number >= 0, number < Int64(classes.count) else {
            throw mismatch(
                column,
                row: row,
                "one of the classes \(classes.prefix(20).joined(separator: ", "))"
            )
        }
        return .integer(number)
    }

    private func mismatch(_ column: Column, row: Int, _ expected: String) -> MartletError {
        MartletError(
            .invalidArgument,
            "Row \(row + 1) of the column '\(column.name)' is not \(expected), as the dataset '\(record.name)' needs."
        )
    }

    private static func rawText(_ cell: CleanCell) -> SQLValue {
        switch cell {
        case .missing: .null
        case .number(let value): .text("\(value)")
        case .integer(let value): .text("\(value)")
        case .string(let value): .text(value)
        }
    }
}
