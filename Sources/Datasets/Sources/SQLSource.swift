import Core
import Storage

/// A table or query of a database, as declared under `source.sql`.
package struct SQLSource: Sendable, Equatable {
    /// `postgres://…` or `sqlite:` and a file beside the manifest; may have `${secrets.NAME}`.
    package let url: SecretText
    /// The query whose rows are read.
    package let query: String
    /// The column by which the rows are ordered and paged; its values are unique and never missing.
    package let order: String

    /// The kind of database, for messages: the address may hold a password.
    package var name: String { url.written.hasPrefix("sqlite:") ? url.written : "the SQL database" }

    static func parse(_ fields: JSONFields) throws(MartletError) -> SQLSource {
        try fields.rejectUnknown(["url", "query", "table", "order"])
        let url = try SecretText(try fields.string("url"), path: fields.path(of: "url"))
        guard
            url.written.hasPrefix("sqlite:") || Database.isPostgres(url.written)
                || url.written.hasPrefix("${secrets.")
        else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "url"))' must begin with postgres:// or sqlite:, or be a secret."
            )
        }
        if url.written.hasPrefix("sqlite:"), !DatasetSource.isSafe(String(url.written.dropFirst(7))) {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "url"))' must name a file below the manifest's directory, as sqlite:legacy.db."
            )
        }
        let order = try DatasetColumn.checkedName(
            try fields.string("order"),
            path: fields.path(of: "order")
        )
        guard (fields.value("query") == nil) != (fields.value("table") == nil) else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' needs 'query' or 'table', and not both."
            )
        }
        if let table = try fields.optionalString("table") {
            let parts = table.split(separator: ".", omittingEmptySubsequences: false)
            guard (1...2).contains(parts.count),
                parts.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 128 }),
                !table.utf8.contains(0)
            else { throw fields.invalid("table", "must be a table's name, with its schema or without") }
            let name = parts.map { SQLName.quoted(String($0)) }.joined(separator: ".")
            return SQLSource(url: url, query: "SELECT * FROM \(name)", order: order)
        }
        var query = try fields.string("query")
        while query.last?.isWhitespace == true || query.last == ";" { query.removeLast() }
        guard !query.isEmpty, query.utf8.count <= DatasetsLimits.queryBytes, !query.utf8.contains(0)
        else {
            throw fields.invalid(
                "query",
                "must be one query of at most \(DatasetsLimits.queryBytes) bytes"
            )
        }
        return SQLSource(url: url, query: query, order: order)
    }

    /// The statement for the rows behind a value, or for the first rows.
    func statement(isFirst: Bool) -> String {
        let column = "martlet_rows.\(SQLName.quoted(order))"
        let condition = isFirst ? "" : " WHERE \(column) > ?"
        // The line end closes a comment that the query may end with.
        return "SELECT * FROM (\(query)\n) AS martlet_rows\(condition) ORDER BY \(column) LIMIT ?"
    }
}
