import Core
import Storage

extension LedgerFilter {
    /// Whether rows that meet it have a label: then the index of labelled rows is enough.
    var needsLabel: Bool {
        switch self {
        case .and(let left, let right): left.needsLabel || right.needsLabel
        case .or(let left, let right): left.needsLabel && right.needsLabel
        case .word(let word): [.labelled, .right, .wrong].contains(word)
        case .compare(.label, let operation, _), .compare(.labelledAt, let operation, _): operation != .isMissing
        default: false
        }
    }

    /// The entity that all rows that meet it have; nil when there is no such one.
    var entity: String? {
        switch self {
        case .and(let left, let right): return left.entity ?? right.entity
        case .compare(.entity, .equal, let operands):
            if case .text(let text)? = operands.first { return text }
            return nil
        default: return nil
        }
    }

    /// The columns of the inputs that it looks at.
    var features: [String] {
        switch self {
        case .and(let left, let right), .or(let left, let right): left.features + right.features
        case .not(let inner): inner.features
        case .compare(.feature(let name), _, _): [name]
        default: []
        }
    }

    /// The filter as SQL, always true or false; a part of it that looks at columns of the inputs counts as true, so that
    /// the SQL lets through at least the rows that meet the filter.
    var sql: SQLFragment {
        switch self {
        case .everything: SQLFragment("1 = 1")
        case .and(let left, let right): Self.joined(left.sql, "AND", right.sql)
        case .or(let left, let right):
            left.features.isEmpty && right.features.isEmpty
                ? Self.joined(left.sql, "OR", right.sql) : SQLFragment("1 = 1")
        case .not(let inner):
            inner.features.isEmpty
                ? SQLFragment("NOT (\(inner.sql.sql))", inner.sql.arguments) : SQLFragment("1 = 1")
        case .word(let word): SQLFragment(word.sql)
        case .compare(let field, let operation, let operands): Self.compared(field, operation, operands)
        }
    }

    private static func joined(_ left: SQLFragment, _ word: String, _ right: SQLFragment) -> SQLFragment {
        SQLFragment("(\(left.sql) \(word) \(right.sql))", left.arguments + right.arguments)
    }

    private static func compared(
        _ field: LedgerField,
        _ operation: LedgerOperator,
        _ operands: [LedgerOperand]
    ) -> SQLFragment {
        guard let column = field.column else { return SQLFragment("1 = 1") }
        let values = operands.map(\.sqlValue)
        let marks = operands.map(\.placeholder)
        let condition =
            switch operation {
            case .isMissing: SQLFragment("\(column) IS NULL")
            case .isPresent: SQLFragment("\(column) IS NOT NULL")
            case .isIn: SQLFragment("\(column) IN (\(marks.joined(separator: ", ")))", values)
            case .unequal: SQLFragment("\(column) <> \(marks.first ?? "?")", values)
            case .equal, .less, .atMost, .greater, .atLeast:
                SQLFragment("\(column) \(operation.rawValue) \(marks.first ?? "?")", values)
            }
        guard operation != .isMissing, operation != .isPresent else { return condition }
        // What is missing compares to nothing, and the opposite of that is true.
        return SQLFragment("(\(column) IS NOT NULL AND \(condition.sql))", condition.arguments)
    }
}

extension LedgerOperand {
    /// The value that SQL compares with: a whole number as one, so that PostgreSQL finds a type for it.
    var sqlValue: SQLValue {
        switch self {
        case .text(let text): .text(text)
        case .number(let number): Int64(exactly: number).map(SQLValue.integer) ?? .real(number)
        }
    }

    /// The placeholder for it: PostgreSQL takes no fraction for a column of whole numbers unless it is told to.
    var placeholder: String {
        if case .real = sqlValue { "CAST(? AS DOUBLE PRECISION)" } else { "?" }
    }
}

extension LedgerWord {
    /// The condition in SQL, always true or false.
    var sql: String {
        switch self {
        case .labelled: "label IS NOT NULL"
        case .unlabelled: "label IS NULL"
        case .right: "(label IS NOT NULL AND label = prediction)"
        case .wrong: "(label IS NOT NULL AND label <> prediction)"
        case .drifted: "drift = 1"
        case .shadowed: "shadow_version IS NOT NULL"
        case .disagreed: "(shadow_prediction IS NOT NULL AND shadow_prediction <> prediction)"
        case .cut: "is_cut = 1"
        }
    }
}
