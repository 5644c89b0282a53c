package import Core

/// What a column holds, which decides how it is compared.
package enum ColumnKind: String, Sendable, CaseIterable {
    /// Numbers on a scale.
    case numeric
    /// Values of a set: text, or whole numbers with few distinct values.
    case categorical
    /// Free text, most of it distinct.
    case text
}

/// The kinds of a table's columns, by Evidently's rules of thumb unless the caller says otherwise.
///
/// Floating-point columns are numeric; whole numbers with at most 10 distinct values are categorical; text is free text
/// when more than half of its values are distinct, else categorical. Text that is a number in at least nine of ten values
/// is a numeric column with faults, which are reported as such.
package struct ColumnKinds: Sendable, Equatable {
    /// The kind of each column, by name.
    package let kinds: [String: ColumnKind]

    /// Whole numbers with at most so many distinct values are categories.
    static let categoricalIntegers = 10

    /// The kind of a column; nil for a name that the reference does not have.
    package subscript(_ name: String) -> ColumnKind? { kinds[name] }

    /// Infers the kinds of a reference's columns.
    ///
    /// - Parameters:
    ///   - reference: The table whose columns are looked at.
    ///   - overrides: Kinds that the caller knows better, by column name.
    /// - Returns: A kind for every column of the reference.
    /// - Throws: `invalidArgument` for an override of a column that is not there, or of text without a number to numeric.
    package static func infer(
        reference: Table,
        overrides: [String: ColumnKind] = [:]
    ) throws(MartletError) -> ColumnKinds {
        var kinds: [String: ColumnKind] = [:]
        for column in reference.columns { kinds[column.name] = kind(of: column) }
        for (name, kind) in overrides {
            let column = try reference.column(name)
            if kind == .numeric, case .strings(let values) = column.values,
                values.contains(where: { $0 != nil }), !values.contains(where: { $0.flatMap(number) != nil })
            {
                throw MartletError(.invalidArgument, "The column '\(name)' cannot be numeric: it holds no number.")
            }
            kinds[name] = kind
        }
        return ColumnKinds(kinds: kinds)
    }

    /// The kind that a column has by itself.
    static func kind(of column: Column) -> ColumnKind {
        switch column.values {
        case .numbers: return .numeric
        case .integers(let values):
            var distinct: Set<Int64> = []
            for case let value? in values {
                distinct.insert(value)
                if distinct.count > categoricalIntegers { return .numeric }
            }
            return .categorical
        case .strings(let values):
            let present = values.compactMap(\.self)
            let numbers = present.count { number($0) != nil }
            if !present.isEmpty, numbers * 10 >= present.count * 9 { return .numeric }
            return Set(present).count * 2 > present.count ? .text : .categorical
        }
    }

    /// The number that a text is, NaN and infinities included; nil for other text.
    static func number(_ text: String) -> Double? {
        Double(text)
    }
}
