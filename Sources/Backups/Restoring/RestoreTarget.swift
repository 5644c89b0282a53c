package import Storage

/// Where a database is restored to.
package enum RestoreTarget: Sendable {
    /// A new file.
    case file(String)
    /// An empty PostgreSQL schema.
    case postgres(Database)
}
