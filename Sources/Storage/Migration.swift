/// One step of a schema's history: applied once, in order, all or nothing.
package struct Migration: Sendable {
    /// Unique and unchanging, such as `tracking-0001`.
    package let id: String
    /// The statements, in the SQL that both databases share.
    package let statements: [String]

    /// Makes a migration.
    package init(id: String, statements: [String]) {
        self.id = id
        self.statements = statements
    }
}
