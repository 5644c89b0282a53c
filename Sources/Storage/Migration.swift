/// One step of a schema's history: applied once, in order, all or nothing.
package struct Migration: Sendable {
    /// Unique and unchanging, such as `tracking-0001`.
    package let id: String
    /// The statements, in the SQL that both databases share.
    package let statements: [String]
    /// What only SQLite understands, such as triggers; run after `statements`.
    package let sqlite: [String]
    /// What only PostgreSQL understands; run after `statements`.
    package let postgres: [String]

    /// Makes a migration.
    package init(id: String, statements: [String], sqlite: [String] = [], postgres: [String] = []) {
        self.id = id
        self.statements = statements
        self.sqlite = sqlite
        self.postgres = postgres
    }

    /// Every statement for one kind of database, in order.
    package func statements(for dialect: Dialect) -> [String] {
        switch dialect {
        case .sqlite: statements + sqlite
        case .postgres: statements + postgres
        }
    }
}

/// The kinds of databases.
package enum Dialect: Sendable {
    /// The embedded one.
    case sqlite
    /// The server.
    case postgres
}
