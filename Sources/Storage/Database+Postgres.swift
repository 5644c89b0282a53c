package import Core

extension Database {
    /// Opens a PostgreSQL database: `postgres://[user[:password]@][host][:port]/database[?parameter=value…]`.
    ///
    /// Blocks until the server has answered; for the start of a process.
    ///
    /// - Throws: `invalidArgument` for a malformed URL, `failedPrecondition` when libpq is missing or the server too
    ///   old, `unavailable` when it cannot be reached or refuses the credentials. No message holds the password.
    package static func open(postgres url: String) throws(MartletError) -> Database {
        Database(backend: try PostgresBackend.open(try PostgresAddress(url)))
    }

    /// Whether a setting names a PostgreSQL database.
    package static func isPostgres(_ setting: String) -> Bool {
        PostgresAddress.isOne(setting)
    }
}
