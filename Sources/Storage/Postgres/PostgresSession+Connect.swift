internal import CPostgres
package import Core

extension PostgresSession {
    /// Opens a session and makes sure that the server is one that Martlet can work with.
    ///
    /// `seconds` is the longest wait for the connection, `answerSeconds` that for the answer to one statement.
    static func open(
        _ address: PostgresAddress,
        within seconds: Double,
        answerSeconds: Double
    ) throws(MartletError) -> PostgresSession {
        let functions = try PostgresLibrary.shared().functions
        var timedOut: Int32 = 0
        let milliseconds = Int32(clamping: Int(seconds * 1000))
        let several: Int32 = address.hasSeveralHosts ? 1 : 0
        let opened = withKeywords(address.parameters) { keywords, values in
            martlet_postgres_connect(functions, keywords, values, several, milliseconds, &timedOut)
        }
        guard let connection = opened else {
            throw MartletError(.unavailable, "There is no memory for a connection to the database.")
        }
        let session = PostgresSession(
            functions: functions,
            connection: connection,
            address: address,
            answerSeconds: answerSeconds
        )
        if timedOut != 0 {
            throw PostgresConnectFailure.error(
                address,
                PostgresFailure(state: "08001", message: "no connection within \(seconds) s")
            )
        }
        guard functions.pointee.PQstatus(connection) == Int32(MARTLET_PG_CONNECTION_OK) else {
            let message = address.withoutSecrets(String(cString: functions.pointee.PQerrorMessage(connection)))
            throw PostgresConnectFailure.error(address, PostgresFailure(state: "08001", message: message))
        }
        try PostgresConnectFailure.check(serverVersion: Int(functions.pointee.PQserverVersion(connection)))
        guard functions.pointee.PQsetnonblocking(connection, 1) == 0,
            functions.pointee.PQenterPipelineMode(connection) == 1
        else {
            throw PostgresConnectFailure.error(address, PostgresSession.lost)
        }
        try session.prepareSession()
        return session
    }

    private func prepareSession() throws(MartletError) {
        enqueue("SET synchronous_commit = on")
        enqueue("SET standard_conforming_strings = on")
        enqueue("SET default_transaction_isolation = 'read committed'")
        // Compiling a query takes longer than any query here runs.
        enqueue("SET jit = off")
        enqueue("SET lock_timeout = \(Int(StorageLimits.busySeconds * 1000))")
        // A machine that vanishes must free its locks; without effect on a local socket.
        enqueue("SET tcp_keepalives_idle = \(StorageLimits.keepaliveSeconds)")
        enqueue("SET tcp_keepalives_interval = \(StorageLimits.keepaliveSeconds / 3)")
        enqueue("SET tcp_keepalives_count = 3")
        // A server that hangs inside a write must not keep the others from writing.
        enqueue("SET idle_in_transaction_session_timeout = \(StorageLimits.idleTransactionSeconds * 1000)")
        if let schema = address.schema { enqueue("SET search_path = \"\(schema)\"") }
        var row = try state()
        if let schema = address.schema, row?.optionalText("name") == nil, row?.optionalInt("standby") == 0 {
            try create(schema)
            row = try state()
        }
        guard let name = row?.optionalText("name") else {
            throw MartletError(
                .failedPrecondition,
                "The PostgreSQL database \(address.display) has no schema to work in; create the one that the user's "
                    + "search_path names, or grant its usage."
            )
        }
        guard row?.optionalInt("standby") == 0 else {
            throw MartletError(
                .unavailable,
                "The PostgreSQL server of \(address.display) is a standby that accepts no writes; name the primary."
            )
        }
        take(schema: name)
    }

    private func state() throws(MartletError) -> Row? {
        try run("SELECT current_schema() AS name, pg_is_in_recovery() AS standby", []) { result throws(MartletError) in
            try result.rows(limit: 1).first
        }
    }

    /// Makes a schema; two servers may do so at the same moment, and then one of them fails though it is there.
    private func create(_ schema: String) throws(MartletError) {
        do throws(MartletError) {
            try run("CREATE SCHEMA IF NOT EXISTS \"\(schema)\"", []) { _ throws(MartletError) in }
        } catch {
            guard error.code == .alreadyExists else {
                throw MartletError(
                    .failedPrecondition,
                    "The PostgreSQL user of \(address.display) may not create the schema '\(schema)'; grant CREATE on "
                        + "the database, or create the schema and grant its usage.",
                    cause: error
                )
            }
        }
    }

    /// The numbers of an advisory lock that all servers on this database and schema share.
    func lockNumbers(_ lock: PostgresLock) -> String {
        let hash = schema.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        return "\(lock.rawValue), \(Int32(bitPattern: hash))"
    }

    private static func withKeywords<R>(
        _ parameters: [(keyword: String, value: String)],
        _ body: (
            UnsafePointer<UnsafePointer<CChar>?>, UnsafePointer<UnsafePointer<CChar>?>
        ) -> R?
    ) -> R? {
        var bytes: [CChar] = []
        var starts: [Int] = []
        for text in parameters.map(\.keyword) + parameters.map(\.value) {
            starts.append(bytes.count)
            bytes += text.utf8.map(CChar.init(bitPattern:)) + [0]
        }
        return bytes.withUnsafeBufferPointer { bytes -> R? in
            guard let base = bytes.baseAddress else { return nil }
            let keywords: [UnsafePointer<CChar>?] = starts.prefix(parameters.count).map { base + $0 } + [nil]
            let values: [UnsafePointer<CChar>?] = starts.suffix(parameters.count).map { base + $0 } + [nil]
            return keywords.withUnsafeBufferPointer { keywords in
                values.withUnsafeBufferPointer { values in
                    guard let keywords = keywords.baseAddress, let values = values.baseAddress else { return nil }
                    return body(keywords, values)
                }
            }
        }
    }
}

/// The advisory locks; the numbers say "MART" and which.
enum PostgresLock: Int32 {
    /// Held by a transaction that writes.
    case writer = 1_296_126_529
    /// Held by the session of the server that runs the control loops.
    case leader = 1_296_126_530
}

/// Why a connection could not be made, with the remedy.
package enum PostgresConnectFailure {
    /// Refuses servers that lack what the statements need.
    ///
    /// - Throws: `failedPrecondition` naming both versions.
    package static func check(serverVersion number: Int) throws(MartletError) {
        guard number < StorageLimits.postgresVersion else { return }
        throw MartletError(
            .failedPrecondition,
            "The PostgreSQL server has version \(number / 10_000), but version "
                + "\(StorageLimits.postgresVersion / 10_000) or newer is needed; upgrade it."
        )
    }

    /// The library gives no SQLSTATE for a refused connection, so the remedy is found by the server's (English or
    /// translated) words only where they are fixed; the words themselves are always given.
    static func error(_ address: PostgresAddress, _ failure: PostgresFailure) -> MartletError {
        MartletError(
            .unavailable,
            "The PostgreSQL database \(address.display) cannot be reached: \(failure.message).\(remedy(failure.message))",
            cause: failure
        )
    }

    private static func remedy(_ message: String) -> String {
        if message.contains("password") {
            return " Give the right password in the URL, in PGPASSWORD or in the file that PGPASSFILE names."
        }
        if message.contains("database") && message.contains("does not exist") {
            return " Create it (createdb) or name another."
        }
        return ""
    }
}
