package import Core

/// What a copy of rows holds.
package struct RowCopy: Sendable {
    /// The migrations that had been applied.
    package let schema: [String]
    /// Rows of each table.
    package let counts: [(table: String, rows: Int64)]
}

extension Database {
    /// Copies every row of the PostgreSQL schema as it is at this moment to a new file, with what is needed to make the
    /// same schema elsewhere; writers and readers go on.
    ///
    /// - Throws: `failedPrecondition` on SQLite, whose file is copied instead.
    package func exportRows(to path: String) async throws(MartletError) -> RowCopy {
        guard dialect == .postgres else {
            throw MartletError(.failedPrecondition, "Only the rows of a PostgreSQL database are copied one by one.")
        }
        return try await read { connection in
            let schema = try PostgresSchema.read(connection)
            let applied = try self.appliedMigrations(connection)
            let writer = try RowFileWriter(path: path, description: schema.description(schema: applied))
            var counts: [(table: String, rows: Int64)] = []
            for (position, table) in schema.tables.enumerated() {
                counts.append((table.name, try Self.export(table, position, connection, writer)))
            }
            try writer.finish()
            return RowCopy(schema: applied, counts: counts)
        }
    }

    private static func export(
        _ table: PostgresSchema.Table,
        _ position: Int,
        _ connection: Connection,
        _ writer: RowFileWriter
    ) throws -> Int64 {
        var rows: Int64 = 0
        if !table.columns.isEmpty {
            let columns = table.columns.map { PostgresSchema.quoted($0.name) }.joined(separator: ", ")
            let cursor = "martlet_copy_\(position)"
            let query = "SELECT \(columns) FROM \(PostgresSchema.quoted(table.name))"
            _ = try connection.query("DECLARE \(cursor) NO SCROLL CURSOR FOR \(query)")
            while true {
                let batch = try connection.query("FETCH \(StorageLimits.rowsPerFetch) FROM \(cursor)")
                if batch.isEmpty { break }
                for row in batch { try writer.row(row, width: table.columns.count) }
                rows += Int64(batch.count)
            }
            _ = try connection.query("CLOSE \(cursor)")
        }
        writer.endTable()
        return rows
    }

    /// Makes the schema and rows of a copy in an empty PostgreSQL schema, all or nothing.
    ///
    /// - Throws: `failedPrecondition` when the schema has tables, `dataLoss` when the copy is damaged.
    package func importRows(from path: String) async throws(MartletError) {
        guard dialect == .postgres else {
            throw MartletError(.failedPrecondition, "A copy of PostgreSQL's rows can only be restored to PostgreSQL.")
        }
        try await write { connection in
            guard try connection.tables(.postgres).isEmpty else {
                throw MartletError(
                    .failedPrecondition,
                    "The database to restore to has tables already; name an empty one, or drop its schema."
                )
            }
            let reader = try RowFileReader(path: path)
            let schema = try PostgresSchema(reader.description)
            for statement in schema.before { try connection.execute(statement) }
            for table in schema.tables {
                try connection.execute(table.definition)
                try Self.load(table, reader, connection)
            }
            for statement in schema.after { try connection.execute(statement) }
        }
    }

    private static func load(
        _ table: PostgresSchema.Table,
        _ reader: RowFileReader,
        _ connection: Connection
    ) throws {
        let width = table.columns.count
        let rowsAtOnce = max(1, min(StorageLimits.rowsPerFetch, StorageLimits.rowValuesPerInsert / max(1, width)))
        let columns = table.columns.map { PostgresSchema.quoted($0.name) }.joined(separator: ", ")
        let marks = "(\(repeatElement("?", count: width).joined(separator: ", ")))"
        var (values, count): ([SQLValue], Int) = ([], 0)
        func insert() throws {
            guard count > 0 else { return }
            let rows = repeatElement(marks, count: count).joined(separator: ", ")
            try connection.execute(
                "INSERT INTO \(PostgresSchema.quoted(table.name)) (\(columns)) VALUES \(rows)",
                values
            )
            (values, count) = ([], 0)
        }
        while let row = try reader.row(width: width) {
            values += row
            count += 1
            if count == rowsAtOnce { try insert() }
        }
        try insert()
    }
}
