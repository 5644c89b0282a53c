import Core
import Crypto
import Storage

/// One cell of the clean table.
enum CleanCell: Equatable, Sendable {
    case missing
    case number(Double)
    case integer(Int64)
    case string(String)

    /// The value as it is bound to a statement.
    var sql: SQLValue {
        switch self {
        case .missing: .null
        case .number(let value): .real(value)
        case .integer(let value): .integer(value)
        case .string(let value): .text(value)
        }
    }

    /// The text form that a row's digest covers: the shortest that reads back.
    var canonical: String {
        switch self {
        case .missing: "-"
        case .number(let value): "n\(value == 0 ? 0 : value)"
        case .integer(let value): "i\(value)"
        case .string(let value): "s\(value)"
        }
    }

    /// The SHA-256 over a row's cells, each with its length so that no two rows share a text.
    static func digest(of cells: [CleanCell]) -> String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(cells.count * 16)
        for cell in cells {
            let text = cell.canonical
            bytes.append(contentsOf: text.utf8.count.description.utf8)
            bytes.append(0x3A)
            bytes.append(contentsOf: text.utf8)
            bytes.append(0x2C)
        }
        return SHA256.hash(data: bytes).hexadecimal
    }
}

/// Turns raw text into typed cells: trimmed, missing marks recognised, class names replaced by their numbers.
struct CellCleaner: Sendable {
    private enum Rule: Sendable {
        case plain(DatasetColumn.Kind)
        case classes([String: Int64], count: Int64)
    }

    private let rules: [Rule]
    private let missing: Set<String>

    init(columns: [DatasetColumn], target: DatasetTarget?, missing: [String]) {
        self.missing = Set(missing)
        rules = columns.map { column in
            guard let target, target.column == column.name, !target.classes.isEmpty else {
                return .plain(column.kind)
            }
            let numbers = target.classes.enumerated().map { ($1, Int64($0)) }
            return .classes(
                Dictionary(numbers, uniquingKeysWith: { first, _ in first }),
                count: Int64(numbers.count)
            )
        }
    }

    /// The clean cell of a column, or nil when the text is not of the column's type.
    func clean(_ text: String, column: Int) -> CleanCell? {
        let trimmed = text.trimmingWhitespace
        if missing.contains(trimmed) { return .missing }
        guard column >= 0, column < rules.count else { return nil }
        switch rules[column] {
        case .plain(.string): return .string(trimmed)
        case .plain(.integer): return Self.integer(trimmed).map(CleanCell.integer)
        case .plain(.number): return Self.number(trimmed).map(CleanCell.number)
        case .classes(let numbers, let count):
            if let number = numbers[trimmed] { return .integer(number) }
            guard let number = Self.integer(trimmed), number >= 0, number < count else { return nil }
            return .integer(number)
        }
    }

    /// A finite decimal number; no hexadecimal, infinity or NaN.
    static func number(_ text: String) -> Double? {
        let isDecimal = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x2B, 0x2D, 0x2E, 0x45, 0x65: true
            default: false
            }
        }
        guard isDecimal, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    private static func integer(_ text: String) -> Int64? {
        Int64(text) ?? number(text).flatMap { Int64(exactly: $0) }
    }
}

extension String {
    /// The text without white space at either end.
    var trimmingWhitespace: String {
        // Most texts begin and end with a visible character of ASCII.
        if let first = utf8.first, let last = utf8.last, (0x21...0x7E).contains(first),
            (0x21...0x7E).contains(last)
        {
            return self
        }
        guard let first = firstIndex(where: { !$0.isWhitespace }),
            let last = lastIndex(where: { !$0.isWhitespace })
        else { return "" }
        return String(self[first...last])
    }
}
