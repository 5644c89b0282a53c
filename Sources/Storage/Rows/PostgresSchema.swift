internal import Core

/// A schema of PostgreSQL as its catalogue describes it: enough to make the same one elsewhere.
///
/// Martlet's schemas have tables, keys, indexes, triggers and their functions, and nothing else.
struct PostgresSchema {
    struct Table {
        let name: String
        /// Names and types, in order.
        let columns: [(name: String, type: String, isRequired: Bool)]
    }

    let tables: [Table]
    /// Statements before the rows: functions.
    let before: [String]
    /// Statements after the rows, in order: keys, indexes, foreign keys, triggers.
    let after: [String]

    /// Reads the catalogue of the current schema.
    static func read(_ connection: Connection) throws -> PostgresSchema {
        var tables: [Table] = []
        for name in try connection.tables(.postgres) {
            let rows = try connection.query(
                """
                SELECT a.attname AS name, pg_catalog.format_type(a.atttypid, a.atttypmod) AS type,
                CASE WHEN a.attnotnull THEN 1 ELSE 0 END AS required
                FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class c ON c.oid = a.attrelid
                JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = CURRENT_SCHEMA() AND c.relname = ? AND a.attnum > 0 AND NOT a.attisdropped
                ORDER BY a.attnum
                """,
                [.text(name)]
            )
            let columns = try rows.map { (try $0.text("name"), try $0.text("type"), try $0.bool("required")) }
            tables.append(Table(name: name, columns: columns))
        }
        return PostgresSchema(
            tables: tables,
            before: try texts(connection, functions),
            after: try [keys, indexes, foreignKeys, triggers].flatMap { try texts(connection, $0) }
        )
    }

    private static func texts(_ connection: Connection, _ query: String) throws -> [String] {
        try connection.query(query).map { try $0.text("statement") }
    }

    /// The catalogue writes the schema before every name; the copy goes to whatever schema it is restored to.
    private static func unqualified(_ text: String) -> String {
        "REPLACE(\(text), pg_catalog.quote_ident(CURRENT_SCHEMA()) || '.', '') AS statement"
    }

    private static let functions =
        "SELECT \(unqualified("pg_catalog.pg_get_functiondef(p.oid)")) FROM pg_catalog.pg_proc p "
        + "JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace "
        + "WHERE n.nspname = CURRENT_SCHEMA() AND p.prokind = 'f' ORDER BY p.proname"

    private static func constraints(_ kinds: String) -> String {
        let text =
            "'ALTER TABLE ' || pg_catalog.quote_ident(c.relname) || ' ADD CONSTRAINT ' "
            + "|| pg_catalog.quote_ident(k.conname) || ' ' || pg_catalog.pg_get_constraintdef(k.oid)"
        return "SELECT \(unqualified(text)) FROM pg_catalog.pg_constraint k "
            + "JOIN pg_catalog.pg_class c ON c.oid = k.conrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
            + "WHERE n.nspname = CURRENT_SCHEMA() AND k.contype IN (\(kinds)) ORDER BY c.relname, k.conname"
    }

    private static let keys = constraints("'p', 'u', 'c'")
    private static let foreignKeys = constraints("'f'")

    private static let indexes =
        "SELECT \(unqualified("pg_catalog.pg_get_indexdef(i.indexrelid)")) FROM pg_catalog.pg_index i "
        + "JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        + "WHERE n.nspname = CURRENT_SCHEMA() AND NOT EXISTS "
        + "(SELECT 1 FROM pg_catalog.pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x')) "
        + "ORDER BY c.relname"

    private static let triggers =
        "SELECT \(unqualified("pg_catalog.pg_get_triggerdef(t.oid)")) FROM pg_catalog.pg_trigger t "
        + "JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        + "WHERE n.nspname = CURRENT_SCHEMA() AND NOT t.tgisinternal ORDER BY c.relname, t.tgname"
}

extension PostgresSchema {
    /// The description for the copy's first line.
    func description(schema: [String]) -> JSONObject {
        let tables = tables.map { table -> JSONValue in
            let columns = table.columns.map { column -> JSONValue in
                ["name": .string(column.name), "type": .string(column.type), "required": .bool(column.isRequired)]
            }
            return ["name": .string(table.name), "columns": .array(columns)]
        }
        return [
            "schema": .array(schema.map(JSONValue.string)), "tables": .array(tables),
            "before": .array(before.map(JSONValue.string)), "after": .array(after.map(JSONValue.string)),
        ]
    }

    /// Reads a description.
    init(_ fields: JSONFields) throws(MartletError) {
        var tables: [Table] = []
        for value in try fields.array("tables") {
            let table = try JSONFields(value, path: "tables")
            var columns: [(name: String, type: String, isRequired: Bool)] = []
            for value in try table.array("columns") {
                let column = try JSONFields(value, path: "columns")
                columns.append(
                    (try column.string("name"), try column.string("type"), try column.optionalBool("required") ?? false)
                )
            }
            tables.append(Table(name: try table.string("name"), columns: columns))
        }
        self.tables = tables
        before = try fields.strings("before")
        after = try fields.strings("after")
    }

    static func quoted(_ name: String) -> String {
        "\"\(name.replacing("\"", with: "\"\""))\""
    }
}

extension PostgresSchema.Table {
    /// The statement that makes the table, without its keys.
    var definition: String {
        let columns = columns.map { column in
            "\(PostgresSchema.quoted(column.name)) \(column.type)\(column.isRequired ? " NOT NULL" : "")"
        }
        return "CREATE TABLE \(PostgresSchema.quoted(name)) (\(columns.joined(separator: ", ")))"
    }
}
