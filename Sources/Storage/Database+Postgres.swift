package import Core

extension Database {
    /// Opens a PostgreSQL database: `postgres://[user[:password]@][host][:port]/database[?parameter=value…]`.
    ///
    /// Blocks until the server has answered; for the start of a process.
    ///
    /// - Parameters:
    ///   - url: the URL.
    ///   - schema: the schema to work in, made when it is missing; nil for the one of the user's search path.
    /// - Returns: the database.
    /// - Throws: `invalidArgument` for a malformed URL, `failedPrecondition` when libpq is missing or the server too
    ///   old, `unavailable` when it cannot be reached or refuses the credentials. No message holds the password.
    package static func open(postgres url: String, schema: String? = nil) throws(MartletError) -> Database {
        Database(backend: try PostgresBackend.open(try PostgresAddress(url, schema: schema)))
    }

    /// Checks a URL without connecting.
    ///
    /// - Throws: `invalidArgument`, without repeating the URL.
    package static func validate(postgres url: String) throws(MartletError) {
        _ = try PostgresAddress(url)
    }

    /// The URL without credentials and parameters, to be shown.
    ///
    /// - Throws: `invalidArgument` when it is malformed.
    package static func display(postgres url: String) throws(MartletError) -> String {
        try PostgresAddress(url).display
    }

    /// Whether a setting names a PostgreSQL database.
    package static func isPostgres(_ setting: String) -> Bool {
        PostgresAddress.isOne(setting)
    }
}
