/// A value that goes into or comes out of a database column.
package enum SQLValue: Sendable, Equatable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case blob([UInt8])

    /// Text, or NULL for nil.
    package init(_ text: String?) {
        self = text.map(SQLValue.text) ?? .null
    }

    /// A whole number, or NULL for nil.
    package init(_ value: Int64?) {
        self = value.map(SQLValue.integer) ?? .null
    }

    /// A number, or NULL for nil.
    ///
    /// NaN becomes NULL, as SQLite would make it.
    package init(_ value: Double?) {
        guard let value, !value.isNaN else {
            self = .null
            return
        }
        self = .real(value)
    }

    /// A whole number from any integer; past `Int64` it is clamped.
    package static func int(_ value: some BinaryInteger) -> SQLValue {
        .integer(Int64(clamping: value))
    }

    /// 1 for true, 0 for false.
    package static func bool(_ value: Bool) -> SQLValue {
        .integer(value ? 1 : 0)
    }
}

extension SQLValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .text(value) }
    package init(integerLiteral value: Int64) { self = .integer(value) }
    package init(floatLiteral value: Double) { self = .real(value) }
    package init(nilLiteral: ()) { self = .null }
}
