import Storage

/// An INSERT of many rows in few statements, of few shapes, so that each is prepared once.
struct ManyRows: Sendable {
    private let width: Int
    private let statements: [(rows: Int, sql: String)]
    /// Rows of one statement; many enough to save most of the calls, few enough for every database's limit of values.
    private static let shapes = [100, 10, 1]

    /// - Parameters:
    ///   - table: the table and its columns, as after INSERT INTO.
    ///   - width: how many columns.
    ///   - ending: what follows VALUES.
    init(into table: String, width: Int, _ ending: String = "") {
        self.width = width
        let row = "(\(SQLFragment.placeholders(width)))"
        statements = Self.shapes.map { rows in
            let values = Array(repeating: row, count: rows).joined(separator: ", ")
            return (rows, "INSERT INTO \(table) VALUES \(values) \(ending)")
        }
    }

    /// Inserts rows, given as their values one after the other.
    func insert(_ connection: Connection, _ values: [SQLValue]) throws {
        var rest = values[...]
        for (rows, sql) in statements {
            while rest.count >= rows * width {
                let part = rest.prefix(rows * width)
                rest = rest.dropFirst(part.count)
                try connection.execute(sql, part.count == values.count ? values : Array(part))
            }
        }
    }
}
