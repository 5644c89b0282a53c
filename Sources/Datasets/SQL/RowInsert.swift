import Core
import Storage

/// Inserts many rows with few statements.
struct RowInsert {
    let table: String
    /// Quoted names.
    let columns: [String]
    /// What follows the values: what is done about rows that are there.
    var conflict = ""

    /// Inserts `count` rows whose values `row` gives, and returns how many rows were inserted or changed.
    @discardableResult
    func run(_ count: Int, on connection: Connection, row: (Int) throws -> [SQLValue]) throws -> Int {
        let together = max(
            1,
            min(DatasetsLimits.insertRows, DatasetsLimits.insertValues / max(1, columns.count))
        )
        let whole = statement(together)
        var changed = 0
        var start = 0
        while start < count {
            let rows = min(together, count - start)
            var values: [SQLValue] = []
            values.reserveCapacity(rows * columns.count)
            for position in start..<start + rows { values += try row(position) }
            changed += try connection.execute(rows == together ? whole : statement(rows), values)
            start += rows
        }
        return changed
    }

    private func statement(_ rows: Int) -> String {
        let marks = "(\(SQLName.placeholders(columns.count)))"
        let values = Array(repeating: marks, count: rows).joined(separator: ", ")
        return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES \(values)\(conflict)"
    }
}

extension DatasetRecord {
    /// What puts raw rows into the table: plain, or in the place of the row with the same key when it says something else.
    var rawInsert: RowInsert {
        let names = rawLeading + columns.map(\.quoted)
        guard isKeyed else { return RowInsert(table: rawTable, columns: names) }
        let set = names.filter { $0 != "row_key" }.map { "\($0) = excluded.\($0)" }.joined(
            separator: ", "
        )
        let conflict =
            " ON CONFLICT (row_key) DO UPDATE SET \(set) WHERE \(rawTable).row_hash <> excluded.row_hash"
        return RowInsert(table: rawTable, columns: names, conflict: conflict)
    }

    /// What puts clean rows into the table; the part that a row is in stays.
    var cleanInsert: RowInsert {
        let names = cleanLeading + columns.map(\.quoted)
        guard isKeyed else { return RowInsert(table: cleanTable, columns: names) }
        let set = names.filter { $0 != "row_key" }.map { "\($0) = excluded.\($0)" }.joined(
            separator: ", "
        )
        return RowInsert(
            table: cleanTable,
            columns: names,
            conflict: " ON CONFLICT (row_key) DO UPDATE SET \(set)"
        )
    }

    /// How many of the keys a table has.
    func count(of keys: [String], in table: String, on connection: Connection) throws(MartletError)
        -> Int64
    {
        var count: Int64 = 0
        var start = 0
        while start < keys.count {
            let some = keys[start..<min(keys.count, start + DatasetsLimits.insertRows)]
            let row = try connection.first(
                "SELECT COUNT(*) AS n FROM \(table) WHERE row_key IN (\(SQLName.placeholders(some.count)))",
                some.map { .text($0) }
            )
            count += row?.optionalInt("n") ?? 0
            start += some.count
        }
        return count
    }
}
