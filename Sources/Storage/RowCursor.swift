package import Core

/// The row at which a running query stands: columns are read by position, when they are asked for.
///
/// Valid only while the closure runs that it was given to.
package struct RowCursor {
    private enum Source {
        case statement(SQLiteStatement)
        case row(Row)
    }

    private let source: Source

    init(_ statement: SQLiteStatement) {
        source = .statement(statement)
    }

    init(_ row: Row) {
        source = .row(row)
    }

    /// The value of a column; NULL past the last.
    package subscript(_ index: Int) -> SQLValue {
        switch source {
        case .statement(let statement): statement.value(Int32(truncatingIfNeeded: index))
        case .row(let row): row[at: index]
        }
    }

    /// Text.
    package func text(_ index: Int) throws(MartletError) -> String {
        if case .text(let text) = self[index] { return text }
        throw mismatch(index, "text")
    }

    /// Text, or nil for NULL.
    package func optionalText(_ index: Int) -> String? {
        if case .text(let text) = self[index] { text } else { nil }
    }

    /// A whole number.
    package func int(_ index: Int) throws(MartletError) -> Int64 {
        guard let value = optionalInt(index) else { throw mismatch(index, "a whole number") }
        return value
    }

    /// A whole number, or nil for NULL.
    package func optionalInt(_ index: Int) -> Int64? {
        switch self[index] {
        case .integer(let value): value
        case .real(let value): Int64(exactly: value)
        default: nil
        }
    }

    /// A number.
    package func double(_ index: Int) throws(MartletError) -> Double {
        switch self[index] {
        case .real(let value): return value
        case .integer(let value): return Double(value)
        default: throw mismatch(index, "a number")
        }
    }

    private func mismatch(_ index: Int, _ kind: String) -> MartletError {
        MartletError(.internal, "The column \(index) does not hold \(kind).")
    }
}
