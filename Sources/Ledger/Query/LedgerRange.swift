import Core
import Storage

/// The rows of a deployment in a stretch of time, as SQL that the primary key answers.
struct LedgerRange {
    var sql: String
    var arguments: [SQLValue]

    /// Makes a range; by entity it is not to be found by time, so the deployment is compared as an expression.
    init(_ query: LedgerQuery, isByEntity: Bool = false) {
        sql = isByEntity ? "(deployment || '') = ?" : "deployment = ?"
        arguments = [.text(query.deployment)]
        if let since = query.since { add("created_at >= ?", [.integer(since.milliseconds)]) }
        if let until = query.until { add("created_at < ?", [.integer(until.milliseconds)]) }
        if query.filter.needsLabel { add("label IS NOT NULL", []) }
    }

    mutating func add(_ condition: String, _ values: [SQLValue]) {
        sql += " AND \(condition)"
        arguments += values
    }

    /// The rows that follow a place.
    func after(_ position: LedgerPosition?, _ order: LedgerQuery.Order) -> LedgerRange {
        guard let position else { return self }
        var range = self
        let (sign, bound) = order == .newest ? ("<", "<=") : (">", ">=")
        let time = SQLValue.integer(position.createdAt.milliseconds)
        range.add(
            "created_at \(bound) ? AND (created_at \(sign) ? OR seq \(sign) ?)",
            [time, time, .integer(position.number)]
        )
        return range
    }

    /// The rows up to a place, included.
    func upTo(_ position: LedgerPosition, _ order: LedgerQuery.Order) -> LedgerRange {
        var range = self
        let (sign, bound) = order == .newest ? (">", ">=") : ("<", "<=")
        let time = SQLValue.integer(position.createdAt.milliseconds)
        range.add(
            "created_at \(bound) ? AND (created_at \(sign) ? OR seq \(bound) ?)",
            [time, time, .integer(position.number)]
        )
        return range
    }
}

extension LedgerQuery.Order {
    /// What follows ORDER BY.
    var sql: String { self == .newest ? "created_at DESC, seq DESC" : "created_at ASC, seq ASC" }
}
