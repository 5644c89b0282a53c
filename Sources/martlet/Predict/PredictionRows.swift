package import Core
import Foundation

/// Rows to predict, by column: what `--row` and `--file` hold.
package struct PredictionRows: Sendable, Equatable {
    /// The columns in order; empty when rows are mere lists of values.
    package let columns: [String]
    /// Values row by row; a missing one is null.
    package let rows: [[JSONValue]]

    /// Rows as they are.
    package init(columns: [String], rows: [[JSONValue]]) {
        self.columns = columns
        self.rows = rows
    }

    /// Reads JSON: an object by column, a list of values, or a list of either.
    ///
    /// - Throws: `invalidArgument` naming the row that is neither or has other columns than the first.
    package init(json text: String) throws(MartletError) {
        let value = try JSONValue.parse(text, limits: .lenientNumbers)
        let items: [JSONValue] =
            switch value {
            case .array(let values) where values.allSatisfy { $0.objectValue != nil || $0.arrayValue != nil }: values
            default: [value]
            }
        guard let first = items.first else { throw MartletError(.invalidArgument, "'--row' holds no row.") }
        let columns = first.objectValue.map { Array($0.keys) } ?? []
        var rows: [[JSONValue]] = []
        for (number, item) in items.enumerated() {
            switch item {
            case .object(let object):
                guard object.keys.count == columns.count else { throw Self.otherColumns(number) }
                var row: [JSONValue] = []
                for column in columns {
                    guard let cell = object[column] else { throw Self.otherColumns(number) }
                    row.append(cell)
                }
                rows.append(row)
            case .array(let cells) where columns.isEmpty: rows.append(cells)
            default: throw Self.otherColumns(number)
            }
        }
        self.init(columns: columns, rows: rows)
    }

    /// Reads CSV with a header; numbers become numbers, empty cells null, the rest text.
    ///
    /// - Throws: `invalidArgument` naming a line of another length.
    package init(csv bytes: [UInt8]) throws(MartletError) {
        let records = try CSV.records(bytes)
        guard let header = records.first else { throw MartletError(.invalidArgument, "The file has no header.") }
        var rows: [[JSONValue]] = []
        for (number, record) in records.dropFirst().enumerated() {
            guard record.count == header.count else {
                throw MartletError(
                    .invalidArgument,
                    "Row \(number + 1) has \(record.count) cells; the header names \(header.count) columns."
                )
            }
            rows.append(record.map(Self.cell))
        }
        self.init(columns: header, rows: rows)
    }

    private static func cell(_ text: String) -> JSONValue {
        let trimmed = text.trimmingCharacters(in: .whitespaces)
        if trimmed.isEmpty { return .null }
        if let whole = Int64(trimmed) { return .integer(whole) }
        if let number = Double(trimmed), number.isFinite { return .number(number) }
        return ["nan", "na", "null"].contains(trimmed.lowercased()) ? .null : .string(text)
    }

    private static func otherColumns(_ number: Int) -> MartletError {
        MartletError(.invalidArgument, "Row \(number + 1) has other columns than the first one.")
    }

    /// Some of the rows.
    func slice(_ range: Range<Int>) -> PredictionRows {
        PredictionRows(columns: columns, rows: Array(rows[range]))
    }

    /// A row as protocols that name columns write it.
    func json(_ row: Int) -> JSONValue {
        guard !columns.isEmpty else { return .array(rows[row]) }
        var object: JSONObject = [:]
        for (column, cell) in zip(columns, rows[row]) { object[column] = cell }
        return .object(object)
    }
}
