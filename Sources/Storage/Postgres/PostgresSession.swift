internal import CPostgres
internal import Core

/// One connection to PostgreSQL, in pipeline mode: commands are queued and answered together at the next statement,
/// so that opening a transaction, taking a lock or setting a savepoint costs no round trip of its own.
///
/// Used by one thread at a time.
// Safe because the pool, the writer and the leadership each hand a session to one thread at a time.
final class PostgresSession: @unchecked Sendable {
    /// What was sent and whose answer has not been read.
    enum Awaited {
        /// A command without parameters whose rows do not matter.
        case command
        /// A statement's preparation.
        case preparation
        /// A statement; its rows are the outcome.
        case statement
        /// The end of a group: an error skips what follows up to here.
        case sync
    }

    let functions: UnsafePointer<martlet_postgres>
    let connection: OpaquePointer
    let address: PostgresAddress
    private var awaited: [Awaited] = []
    private var statements: [String: PostgresStatement] = [:]
    private var preparedCount = 0
    private var nextName = 0
    /// Why the session cannot be used any more; nil while it can.
    private(set) var broken: PostgresFailure?
    /// The schema in which tables are made and found.
    private(set) var schema = ""
    /// Longest wait for one answer.
    var answerSeconds: Double

    init(
        functions: UnsafePointer<martlet_postgres>,
        connection: OpaquePointer,
        address: PostgresAddress,
        answerSeconds: Double
    ) {
        self.functions = functions
        self.connection = connection
        self.address = address
        self.answerSeconds = answerSeconds
    }

    deinit {
        functions.pointee.PQfinish(connection)
    }

    /// Queues a command without parameters; it goes out with the next statement or `synchronize`.
    func enqueue(_ command: String) {
        guard broken == nil else { return }
        let sent = functions.pointee.PQsendQueryParams(connection, command, 0, nil, nil, nil, nil, 1)
        if sent == 1 { awaited.append(.command) } else { lose() }
    }

    /// Sends what is queued and waits for its answers.
    ///
    /// - Returns: what the last command was answered with, such as `COMMIT`.
    @discardableResult
    func synchronize() throws(PostgresFailure) -> String {
        sync()
        let result = try settle()
        defer { result.map(functions.pointee.PQclear) }
        return result.map { String(cString: functions.pointee.PQcmdStatus($0)) } ?? ""
    }

    /// Sends what is queued without waiting; the answers are read before the next statement's.
    func synchronizeLater() {
        sync()
        if broken == nil, functions.pointee.PQflush(connection) < 0 { lose() }
    }

    /// Runs a statement; `take` reads its rows.
    func run<R>(
        _ sql: String,
        _ arguments: [SQLValue],
        _ take: (PostgresResult) throws(MartletError) -> R
    ) throws(MartletError) -> R {
        let values = try PostgresArguments(arguments)
        let statement = self.statement(for: sql)
        let types = arguments.map(PostgresType.of)
        var variant = statement.variant(accepting: types)
        var isNew = false
        if variant == nil {
            isNew = true
            variant = prepare(statement, types: types)
        }
        guard let variant else { throw (broken ?? Self.lost).error }
        let sent = values.withPointers { count, values, lengths, formats in
            functions.pointee.PQsendQueryPrepared(connection, variant.name, count, values, lengths, formats, 1)
        }
        if sent == 1 { awaited.append(.statement) } else { lose() }
        sync()
        let result = try outcome()
        defer { functions.pointee.PQclear(result) }
        if isNew {
            statement.variants.append(variant)
            preparedCount += 1
        }
        return try take(PostgresResult(functions: functions, result: result, variant: variant))
    }

    private func outcome() throws(MartletError) -> OpaquePointer {
        do throws(PostgresFailure) {
            guard let result = try settle() else { throw Self.lost }
            return result
        } catch {
            if error.spoilsSession { broken = error }
            throw error.error
        }
    }

    // MARK: - Statements

    private func statement(for sql: String) -> PostgresStatement {
        if let known = statements[sql] { return known }
        if statements.count >= StorageLimits.preparedStatements { forgetStatements() }
        let statement = PostgresStatement(text: PostgresDialect.translate(sql))
        statements[sql] = statement
        return statement
    }

    private func prepare(_ statement: PostgresStatement, types: [UInt32]) -> PostgresStatement.Variant? {
        guard broken == nil else { return nil }
        if preparedCount >= StorageLimits.preparedStatements { forgetStatements() }
        nextName += 1
        let merged = statement.merged(types)
        let name = "martlet_\(nextName)"
        let sent = functions.pointee.PQsendPrepare(connection, name, statement.text, Int32(merged.count), merged)
        guard sent == 1 else {
            lose()
            return nil
        }
        awaited.append(.preparation)
        return PostgresStatement.Variant(name: name, types: merged)
    }

    /// Frees every prepared statement here and in the server.
    private func forgetStatements() {
        for statement in statements.values { statement.variants = [] }
        statements = [:]
        preparedCount = 0
        enqueue("DEALLOCATE ALL")
    }

    // MARK: - Answers

    static let lost = PostgresFailure(state: "08006", message: "The connection was lost.")

    private func sync() {
        guard broken == nil else { return }
        if functions.pointee.PQpipelineSync(connection) == 1 { awaited.append(.sync) } else { lose() }
    }

    private func lose() {
        guard broken == nil else { return }
        let message = address.withoutSecrets(String(cString: functions.pointee.PQerrorMessage(connection)))
        broken = PostgresFailure(state: "08006", message: message.isEmpty ? Self.lost.message : message)
    }

    /// Reads the answers of everything that was sent.
    ///
    /// - Returns: the outcome of the last statement or command of the last group.
    /// - Throws: the first failure of the last group, or what broke the connection.
    private func settle() throws(PostgresFailure) -> OpaquePointer? {
        var outcome: OpaquePointer?
        var failure: PostgresFailure?
        let steps = awaited
        awaited = []
        for (position, step) in steps.enumerated() {
            if case .sync = step {
                if position < steps.count - 1 {
                    outcome.map(functions.pointee.PQclear)
                    (outcome, failure) = (nil, nil)
                }
                if broken == nil { readSync() }
                continue
            }
            guard broken == nil else { break }
            while let result = next() {
                switch Int(functions.pointee.PQresultStatus(result)) {
                case MARTLET_PG_COMMAND_OK, MARTLET_PG_TUPLES_OK:
                    outcome.map(functions.pointee.PQclear)
                    outcome = result
                case MARTLET_PG_PIPELINE_ABORTED:
                    functions.pointee.PQclear(result)
                default:
                    if failure == nil { failure = self.failure(of: result) }
                    functions.pointee.PQclear(result)
                }
            }
        }
        if broken != nil, let failure, !failure.state.isEmpty { broken = failure }
        guard let problem = broken ?? failure else { return outcome }
        outcome.map(functions.pointee.PQclear)
        throw problem
    }

    private func readSync() {
        guard let result = next() else { return lose() }
        if Int(functions.pointee.PQresultStatus(result)) != MARTLET_PG_PIPELINE_SYNC { lose() }
        functions.pointee.PQclear(result)
    }

    /// The next answer, or nil at the end of a step and when the connection is lost.
    private func next() -> OpaquePointer? {
        switch martlet_postgres_wait(functions, connection, Int32(clamping: Int(answerSeconds * 1000))) {
        case 1:
            let result = functions.pointee.PQgetResult(connection)
            if functions.pointee.PQstatus(connection) != Int32(MARTLET_PG_CONNECTION_OK) { lose() }
            return result
        case 0:
            broken = PostgresFailure(state: "57014", message: "No answer within \(answerSeconds) s.")
        default: lose()
        }
        return nil
    }

    private func failure(of result: OpaquePointer) -> PostgresFailure {
        func field(_ code: Int) -> String? {
            functions.pointee.PQresultErrorField(result, Int32(code)).map { String(cString: $0) }
        }
        let message =
            field(MARTLET_PG_DIAGNOSTIC_MESSAGE) ?? String(cString: functions.pointee.PQerrorMessage(connection))
        let constraint = field(MARTLET_PG_DIAGNOSTIC_CONSTRAINT).map { " [\($0)]" } ?? ""
        return PostgresFailure(
            state: field(MARTLET_PG_DIAGNOSTIC_SQLSTATE) ?? "",
            message: address.withoutSecrets(message) + constraint
        )
    }

    func take(schema: String) {
        self.schema = schema
    }
}
