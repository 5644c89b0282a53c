import Core

/// Pages through a sorted query by the values of the last row seen, not by counting rows.
///
/// Rows that are inserted or deleted between two pages therefore never make a page skip or repeat another row. The
/// token is bound to the query that made it.
package struct KeysetPage: Sendable {
    /// One expression that rows are sorted by; it must never be NULL.
    package struct Key: Sendable {
        /// The SQL expression, without placeholders.
        let expression: String
        /// The values for its placeholders.
        let arguments: [SQLValue]
        /// Whether small values come first.
        let isAscending: Bool

        /// Makes a key.
        package init(_ expression: String, _ arguments: [SQLValue] = [], isAscending: Bool) {
            self.expression = expression
            self.arguments = arguments
            self.isAscending = isAscending
        }
    }

    private let keys: [Key]
    private let fingerprint: String
    private let limit: Int

    /// Pages of at most `limit` rows.
    ///
    /// - Parameters:
    ///   - keys: what rows are sorted by; together they must be unique, or rows with equal keys may be skipped.
    ///   - limit: rows of a page.
    ///   - query: everything that decides which rows there are; a token of another query is refused.
    package init(keys: [Key], limit: Int, query: [String]) {
        self.keys = keys
        self.limit = limit
        fingerprint = Self.fingerprint(of: query + keys.map { "\($0.expression) \($0.isAscending)" })
    }

    /// A part of the rows that can be read in its order by itself.
    package struct Part: Sendable {
        /// What follows FROM, with its arguments.
        let source: SQLFragment
        /// Which rows.
        let condition: SQLFragment
        /// The value of the first key, if all rows of the part have the same.
        let firstKey: SQLValue?

        /// Makes a part.
        package init(source: SQLFragment, condition: SQLFragment, firstKey: SQLValue? = nil) {
            self.source = source
            self.condition = condition
            self.firstKey = firstKey
        }
    }

    /// Reads the page after `token`.
    ///
    /// - Parameters:
    ///   - connection: where to read.
    ///   - columns: the columns to select.
    ///   - source: what follows FROM, with its arguments.
    ///   - condition: which rows.
    ///   - token: where the previous page ended; nil for the first page.
    /// - Returns: the rows, and the token of the next page if there is one.
    /// - Throws: `invalidArgument` for a token that another query made or nobody.
    package func rows(
        _ connection: Connection,
        columns: String,
        source: SQLFragment,
        condition: SQLFragment,
        after token: String?
    ) throws -> (rows: [Row], nextToken: String?) {
        try rows(connection, columns: columns, parts: [Part(source: source, condition: condition)], after: token)
    }

    /// Reads the page after `token` from parts that follow each other: the first key of each is greater than that of
    /// the one before it, and small ones come first.
    package func rows(
        _ connection: Connection,
        columns: String,
        parts: [Part],
        after token: String?
    ) throws -> (rows: [Row], nextToken: String?) {
        let values = try token.map { try self.values(of: $0) }
        var found: [Row] = []
        // One row more tells whether there is another page.
        for part in parts where found.count <= limit {
            guard let query = query(columns, part, after: values, limit: limit + 1 - found.count) else { continue }
            let rows = try connection.query(query.sql, query.arguments)
            found = found.isEmpty ? rows : found + rows
        }
        guard found.count > limit, limit > 0 else { return (Array(found.prefix(limit)), nil) }
        return (Array(found.prefix(limit)), try self.token(at: found[limit - 1]))
    }

    /// The statement that reads a part of a page; nil when the page begins after all of the part.
    package func query(_ columns: String, _ part: Part, after values: [SQLValue]?, limit: Int) -> SQLFragment? {
        let sorted = keys.indices.map { "\(keys[$0].expression) AS sort_\($0)" }.joined(separator: ", ")
        var order = keys.indices.map { "sort_\($0) \(keys[$0].isAscending ? "ASC" : "DESC")" }
        var seek = values.map { self.seek(after: $0, from: 0) } ?? SQLFragment("1 = 1")
        if case .integer(let first)? = part.firstKey {
            // A key that is the same in all rows must not stand in the way of an index on the next one.
            order.removeFirst()
            if let values, case .integer(let reached)? = values.first {
                guard first >= reached else { return nil }
                seek = first == reached ? self.seek(after: values, from: 1) : SQLFragment("1 = 1")
            }
        }
        let sql = """
            SELECT * FROM (SELECT \(columns), \(sorted) FROM \(part.source.sql) WHERE \(part.condition.sql)) AS page
            WHERE \(seek.sql) ORDER BY \(order.joined(separator: ", ")) LIMIT ?
            """
        let arguments = keys.flatMap(\.arguments) + part.source.arguments + part.condition.arguments + seek.arguments
        return SQLFragment(sql, arguments + [.int(limit)])
    }

    /// Rows that sort after the given values, compared key by key.
    ///
    /// The bound of the first key says the same once more: an index can begin there.
    private func seek(after values: [SQLValue], from start: Int) -> SQLFragment {
        var fragment = SQLFragment("1 = 0")
        for index in keys.indices.dropFirst(start).reversed() {
            let comparator = keys[index].isAscending ? ">" : "<"
            fragment = SQLFragment(
                "(sort_\(index) \(comparator) ? OR (sort_\(index) = ? AND \(fragment.sql)))",
                [values[index], values[index]] + fragment.arguments
            )
        }
        guard keys.indices.contains(start) else { return fragment }
        let bound = "sort_\(start) \(keys[start].isAscending ? ">=" : "<=") ?"
        return SQLFragment("\(bound) AND \(fragment.sql)", [values[start]] + fragment.arguments)
    }

    /// The token of the page that begins after a row of this query.
    package func token(at row: Row) throws -> String {
        let values = try keys.indices.map { index -> JSONValue in
            switch row["sort_\(index)"] {
            case .integer(let value): .integer(value)
            case .real(let value): ["real": .number(value)]
            case .text(let value): .string(value)
            case .null, .blob: throw MartletError(.internal, "A sort key is NULL.")
            }
        }
        return PageToken.encode(["query": .string(fingerprint), "after": .array(values)])
    }

    private func values(of token: String) throws -> [SQLValue] {
        let content = try PageToken.decode(token)
        guard content["query"]?.stringValue == fingerprint, let after = content["after"]?.arrayValue,
            after.count == keys.count
        else {
            throw MartletError(
                .invalidArgument,
                "Invalid page token: it belongs to another search; repeat the search that returned it."
            )
        }
        return try after.map { value in
            switch value {
            case .integer(let value): return .integer(value)
            case .string(let value): return .text(value)
            default:
                guard let number = value["real"]?.doubleValue else {
                    throw MartletError(.invalidArgument, "Invalid page token: ask for the first page again.")
                }
                return .real(number)
            }
        }
    }

    /// A short text that stands for the parts: FNV-1a over them and their lengths.
    package static func fingerprint(of parts: [String]) -> String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for part in parts {
            for byte in Array("\(part.utf8.count):\(part)".utf8) {
                hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3
            }
        }
        return String(hash, radix: 16)
    }
}
