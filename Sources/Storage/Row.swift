package import Core

/// One row of a result.
///
/// Columns are read by name; a wrong name or type is a programming error reported as `internal`.
package struct Row: Sendable {
    private let columns: [String]
    private let values: [SQLValue]

    /// Makes a row; `columns` is shared by all rows of a result.
    package init(columns: [String], values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The value of a column; NULL when there is no such column.
    package subscript(_ column: String) -> SQLValue {
        for index in columns.indices where columns[index] == column && index < values.count { return values[index] }
        return .null
    }

    /// The columns' names in order.
    package var columnNames: [String] {
        columns
    }

    /// The value at a position; NULL past the end.
    package subscript(at index: Int) -> SQLValue {
        index >= 0 && index < values.count ? values[index] : .null
    }

    private func mismatch(_ column: String, _ kind: String) -> MartletError {
        MartletError(.internal, "The column '\(column)' does not hold \(kind).")
    }

    /// Text.
    package func text(_ column: String) throws(MartletError) -> String {
        guard let text = optionalText(column) else { throw mismatch(column, "text") }
        return text
    }

    /// Text, or nil for NULL.
    package func optionalText(_ column: String) -> String? {
        if case .text(let text) = self[column] { text } else { nil }
    }

    /// A whole number.
    package func int(_ column: String) throws(MartletError) -> Int64 {
        guard let value = optionalInt(column) else { throw mismatch(column, "a whole number") }
        return value
    }

    /// A whole number, or nil for NULL.
    package func optionalInt(_ column: String) -> Int64? {
        switch self[column] {
        case .integer(let value): value
        case .real(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// A number.
    package func double(_ column: String) throws(MartletError) -> Double {
        guard let value = optionalDouble(column) else { throw mismatch(column, "a number") }
        return value
    }

    /// A number, or nil for NULL.
    package func optionalDouble(_ column: String) -> Double? {
        switch self[column] {
        case .integer(let value): Double(value)
        case .real(let value): value
        default: nil
        }
    }

    /// Whether the whole number is not 0.
    package func bool(_ column: String) throws(MartletError) -> Bool {
        try int(column) != 0
    }

    /// Bytes.
    package func blob(_ column: String) throws(MartletError) -> [UInt8] {
        guard let bytes = optionalBlob(column) else { throw mismatch(column, "bytes") }
        return bytes
    }

    /// Bytes, or nil for NULL.
    package func optionalBlob(_ column: String) -> [UInt8]? {
        if case .blob(let bytes) = self[column] { bytes } else { nil }
    }

    /// A moment.
    package func timestamp(_ column: String) throws(MartletError) -> Timestamp {
        Timestamp(milliseconds: try int(column))
    }

    /// A moment, or nil for NULL.
    package func optionalTimestamp(_ column: String) -> Timestamp? {
        optionalInt(column).map(Timestamp.init(milliseconds:))
    }

    /// JSON stored as text.
    package func json(_ column: String) throws(MartletError) -> JSONValue {
        try JSONValue.parse(try text(column))
    }
}
