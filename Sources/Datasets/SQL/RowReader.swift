import Core
import Storage

/// Reads a dataset's tables into columns.
struct RowReader {
    let record: DatasetRecord
    let connection: Connection

    /// The clean rows, or those of one part of the split.
    func clean(split: String?) throws -> DatasetRows {
        if let split { try requireSplit(split) }
        let condition = split == nil ? "" : " WHERE \(record.label) = ?"
        let arguments = split.map { [SQLValue.text($0)] } ?? []
        try requireBounded(table: record.cleanTable, condition: condition, arguments)
        let rows = try connection.query(
            "SELECT \(cleanNames) FROM \(record.cleanTable)\(condition) ORDER BY row_id",
            arguments
        )
        return try rowSet(rows)
    }

    /// At most `limit` clean rows, or rows of one part of the split, with ids above `last`.
    func page(split: String?, after last: Int64, limit: Int) throws -> DatasetRows {
        if let split { try requireSplit(split) }
        let condition = split == nil ? "" : " AND \(record.label) = ?"
        let rows = try connection.query(
            "SELECT \(cleanNames) FROM \(record.cleanTable) WHERE row_id > ?\(condition) ORDER BY row_id LIMIT ?",
            [.integer(last)] + (split.map { [SQLValue.text($0)] } ?? []) + [.int(limit)]
        )
        return try rowSet(rows)
    }

    private var cleanNames: String {
        (["row_id", record.label] + record.columns.map(\.quoted)).joined(separator: ", ")
    }

    private func rowSet(_ rows: [Row]) throws -> DatasetRows {
        DatasetRows(
            ids: try rows.map { try $0.int("row_id") },
            splits: rows.map { row in if case .text(let part) = row[at: 1] { part } else { nil } },
            table: try Table(columns: record.columns.indices.map { column($0, of: rows, first: 2) }),
            version: record.version ?? "",
            target: record.spec.target
        )
    }

    /// The ids of all clean rows and some of their columns.
    func columns(_ names: [String]) throws -> (ids: [Int64], table: Table) {
        var positions: [Int] = []
        for name in names {
            _ = try record.column(named: name)
            if let position = record.columns.firstIndex(where: { $0.column.name == name }),
                !positions.contains(position)
            {
                positions.append(position)
            }
        }
        let selected = (["row_id"] + positions.map { record.columns[$0].quoted }).joined(separator: ", ")
        let rows = try connection.query("SELECT \(selected) FROM \(record.cleanTable) ORDER BY row_id")
        let ids = try rows.map { try $0.int("row_id") }
        let columns = positions.enumerated().map { place, position in
            column(position, of: rows, first: 1 + place - position)
        }
        return (ids, try Table(columns: columns))
    }

    /// The raw rows, all text.
    func raw() throws -> Table {
        let names = record.columns.map(\.quoted).joined(separator: ", ")
        try requireBounded(table: record.rawTable, condition: "", [])
        let rows = try connection.query("SELECT \(names) FROM \(record.rawTable) ORDER BY row_id")
        return try Table(
            columns: record.columns.enumerated().map { position, column in
                let texts = rows.map { row -> String? in
                    if case .text(let text) = row[at: position] { text } else { nil }
                }
                return Column(name: column.column.name, values: .strings(texts))
            }
        )
    }

    private func column(_ position: Int, of rows: [Row], first: Int) -> Column {
        let column = record.columns[position].column
        let values = rows.map { $0[at: position + first] }
        switch column.kind {
        case .number:
            let numbers = values.map { value -> Double in
                switch value {
                case .real(let number): number
                case .integer(let number): Double(number)
                default: .nan
                }
            }
            return Column(name: column.name, values: .numbers(numbers))
        case .integer:
            let integers = values.map { value -> Int64? in
                if case .integer(let number) = value { number } else { nil }
            }
            return Column(name: column.name, values: .integers(integers))
        case .string:
            let texts = values.map { value -> String? in
                if case .text(let text) = value { text } else { nil }
            }
            return Column(name: column.name, values: .strings(texts))
        }
    }

    private func requireSplit(_ split: String) throws {
        let found = try connection.query(
            "SELECT DISTINCT \(record.label) AS part FROM \(record.cleanTable) WHERE \(record.label) IS NOT NULL ORDER BY part"
        )
        let parts = found.compactMap { $0.optionalText("part") }
        guard !parts.isEmpty else {
            throw MartletError(
                .failedPrecondition,
                "The dataset '\(record.name)' is not split yet; split it first."
            )
        }
        guard parts.contains(split) else {
            throw MartletError(
                .notFound,
                "The dataset '\(record.name)' has no part '\(split)'; its parts are \(parts.joined(separator: ", "))."
            )
        }
    }

    private func requireBounded(table: String, condition: String, _ arguments: [SQLValue]) throws {
        let row = try connection.first("SELECT COUNT(*) AS n FROM \(table)\(condition)", arguments)
        let rows = row?.optionalInt("n") ?? 0
        try DatasetRows.requireFits(rows: rows, columns: record.columns.count, dataset: record.name)
    }
}
