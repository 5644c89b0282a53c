import Core
import Storage

/// Puts the rows of one block into the raw table.
struct RawBlock {
    /// How many rows came and how many took the place of another.
    struct Counts: Sendable {
        var added: Int64 = 0
        var updated: Int64 = 0
    }

    let record: DatasetRecord
    let rows: RowGatherer
    /// What messages call the source.
    let source: String
    /// Rows that were there before.
    let before: Int64

    func insert(on connection: Connection) throws -> Counts {
        guard !rows.rows.isEmpty else { return Counts() }
        return record.isKeyed ? try insertKeyed(on: connection) : try insertPlain(on: connection)
    }

    private func insertPlain(on connection: Connection) throws -> Counts {
        let names = record.columns.map(\.column.name)
        // Most often the rows have the dataset's columns in its order.
        let places = names == rows.columns ? nil : rows.places(of: names)
        try record.rawInsert.run(rows.rows.count, on: connection) { row in
            let cells: [String?]
            if let places { cells = rows.cells(of: row, at: places) } else { cells = rows.rows[row] }
            var values: [SQLValue] = [.integer(before + Int64(row) + 1)]
            values.reserveCapacity(names.count + 1)
            for cell in cells { values.append(SQLValue(cell)) }
            for _ in cells.count..<max(cells.count, names.count) { values.append(.null) }
            return values
        }
        return Counts(added: Int64(rows.rows.count))
    }

    private func insertKeyed(on connection: Connection) throws -> Counts {
        let names = record.columns.map(\.column.name)
        let places = rows.places(of: names)
        let keyPlaces = try record.spec.key.map { name throws(MartletError) in
            guard let place = names.firstIndex(of: name), places[place] != nil else {
                throw MartletError(
                    .invalidArgument,
                    "'\(source)' has no column '\(name)', which is in the key."
                )
            }
            return place
        }
        var kept: [(key: String, cells: [String?])] = []
        var seen: [String: Int] = [:]
        for row in rows.rows.indices {
            let cells = rows.cells(of: row, at: places)
            guard let key = RowKey.text(cells, at: keyPlaces) else {
                throw MartletError(
                    .invalidArgument,
                    "Row \(row + 1) of a block of '\(source)' has no value in the key \(record.spec.key.joined(separator: ", "))."
                )
            }
            // Of rows with one key the last is the newest.
            if let earlier = seen[key] {
                kept[earlier].cells = cells
            } else {
                seen[key] = kept.count
                kept.append((key, cells))
            }
        }
        let known = try record.count(of: kept.map(\.key), in: record.rawTable, on: connection)
        let last = try connection.first("SELECT COALESCE(MAX(row_id), 0) AS n FROM \(record.rawTable)")
        let first = (last?.optionalInt("n") ?? 0) + 1
        let changed = try record.rawInsert.run(kept.count, on: connection) { row in
            let (key, cells) = kept[row]
            return [.integer(first + Int64(row)), .text(key), .text(RowKey.digest(cells))]
                + cells.map { SQLValue($0) }
        }
        let added = Int64(kept.count) - known
        return Counts(added: added, updated: max(0, Int64(changed) - added))
    }
}
