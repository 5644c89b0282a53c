internal import Core

/// The connection that writes: one transaction for each batch, which holds the lock that all servers on one database
/// share, so that what a write reads cannot change before it writes.
///
/// Used by the writer's thread only.
// Safe because the write queue calls it from one serial queue, one batch at a time.
final class PostgresWriter: StatementRunner, @unchecked Sendable {
    private let connector: PostgresConnector
    private var session: PostgresSession?
    /// Whether the transaction has begun, and how far the job under way has come in it.
    private var hasBegun = false
    private var jobHasBegunIt = false
    private var jobHasSavepoint = false
    private var jobHasWork = false
    /// The first statement of the job that failed; PostgreSQL refuses everything after it.
    private var failedStatement: MartletError?

    init(connector: PostgresConnector) {
        self.connector = connector
    }

    func close() {
        session = nil
    }

    // MARK: - Statements

    func query(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> [Row] {
        try run(sql, arguments) { result throws(MartletError) in try result.rows() }
    }

    func first(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> Row? {
        try run(sql, arguments) { result throws(MartletError) in try result.rows(limit: 1).first }
    }

    func execute(_ sql: String, _ arguments: [SQLValue]) throws(MartletError) -> Int {
        try run(sql, arguments) { result throws(MartletError) in result.changes }
    }

    private func run<R>(
        _ sql: String,
        _ arguments: [SQLValue],
        _ take: (PostgresResult) throws(MartletError) -> R
    ) throws(MartletError) -> R {
        if let failedStatement { throw failedStatement }
        let isFirst = !hasBegun
        let known = session
        do throws(MartletError) {
            return try begin().run(sql, arguments, take)
        } catch {
            // The connection was lost before, and nothing was written in it yet: a new one does as well.
            if isFirst, let known, known.broken != nil, session === known {
                return try again(sql, arguments, take)
            }
            throw noted(error)
        }
    }

    private func again<R>(
        _ sql: String,
        _ arguments: [SQLValue],
        _ take: (PostgresResult) throws(MartletError) -> R
    ) throws(MartletError) -> R {
        forgetTransaction()
        (jobHasBegunIt, jobHasSavepoint, jobHasWork) = (false, false, false)
        session = nil
        do throws(MartletError) {
            return try begin().run(sql, arguments, take)
        } catch {
            throw noted(error)
        }
    }

    /// A refused argument never reached the server; every other failure spoils the transaction.
    private func noted(_ error: MartletError) -> MartletError {
        if error.code != .invalidArgument || error.cause != nil { failedStatement = error }
        return error
    }

    /// The session with the transaction, and the savepoint of the job under way, begun or queued.
    private func begin() throws(MartletError) -> PostgresSession {
        let session = try connected()
        if !hasBegun {
            session.enqueue("BEGIN")
            session.enqueue("SELECT pg_advisory_xact_lock(\(session.lockNumbers(.writer)))")
            (hasBegun, jobHasBegunIt) = (true, true)
        }
        // What the first job wrote is undone with the whole transaction: there is nothing else in it.
        if !jobHasBegunIt, !jobHasSavepoint {
            session.enqueue("SAVEPOINT martlet_write")
            jobHasSavepoint = true
        }
        jobHasWork = true
        return session
    }

    private func connected() throws(MartletError) -> PostgresSession {
        if let session { return session }
        let session = try connector.connect(answerSeconds: StorageLimits.writeSeconds)
        self.session = session
        return session
    }

    // MARK: - Batches

    /// Runs the jobs in one transaction and tells each what came of it.
    func commit(_ batch: [WriteQueue.Job]) {
        var rest = batch[...]
        while !rest.isEmpty { rest = transaction(rest) }
    }

    /// Runs jobs until all have run or the connection is lost, and commits.
    ///
    /// - Returns: the jobs that have not run; they are as good as new.
    private func transaction(_ jobs: ArraySlice<WriteQueue.Job>) -> ArraySlice<WriteQueue.Job> {
        var outcomes: [WriteQueue.Outcome] = []
        var rest = jobs
        while let job = rest.popFirst() {
            (failedStatement, jobHasBegunIt, jobHasSavepoint, jobHasWork) = (nil, false, false, false)
            let outcome = job.run(Connection(self))
            if let session, session.broken == nil {
                outcomes.append(ended(outcome))
                continue
            }
            if jobHasWork || hasBegun {
                lose(outcomes + [outcome])
                return rest
            }
            if let failedStatement {
                // There is no connection to be had: the jobs that wait would only wait for the same answer.
                for outcome in outcomes { outcome.committed() }
                outcome.refused(failedStatement)
                for job in rest { job.refused(failedStatement) }
                return []
            }
            outcomes.append(outcome)
        }
        finish(outcomes)
        return []
    }

    /// Closes the job's savepoint; a job that failed is undone alone.
    private func ended(_ outcome: WriteQueue.Outcome) -> WriteQueue.Outcome {
        guard hasBegun, jobHasWork else { return outcome }
        let failed = outcome.failed || failedStatement != nil
        if jobHasSavepoint {
            if failed { session?.enqueue("ROLLBACK TO SAVEPOINT martlet_write") }
            session?.enqueue("RELEASE SAVEPOINT martlet_write")
        } else if failed {
            session?.enqueue("ROLLBACK")
            // Sent at once, so that a failed write does not keep other servers' waiting.
            session?.synchronizeLater()
            forgetTransaction()
        }
        guard let failedStatement, !outcome.failed else { return outcome }
        // The job went on after a statement that failed; what it believes to have written is not there.
        return WriteQueue.Outcome(
            failed: true,
            committed: { outcome.refused(failedStatement) },
            refused: outcome.refused
        )
    }

    private func forgetTransaction() {
        hasBegun = false
    }

    private func finish(_ outcomes: [WriteQueue.Outcome]) {
        guard hasBegun, let session else {
            for outcome in outcomes { outcome.committed() }
            return
        }
        session.enqueue("COMMIT")
        if session.broken != nil { return lose(outcomes) }
        do throws(PostgresFailure) {
            let answer = try session.synchronize()
            forgetTransaction()
            guard answer == "COMMIT" else {
                throw PostgresFailure(state: "25P02", message: "The commit was answered with \(answer).")
            }
            for outcome in outcomes { outcome.committed() }
        } catch {
            forgetTransaction()
            let refusal = session.broken == nil ? error.error : Self.uncertain(error)
            if session.broken != nil { self.session = nil }
            for outcome in outcomes { outcome.refused(refusal) }
        }
    }

    /// The connection was lost before the commit was asked for: the server has undone everything.
    private func lose(_ outcomes: [WriteQueue.Outcome]) {
        let cause = session?.broken ?? PostgresSession.lost
        forgetTransaction()
        session = nil
        let refusal = MartletError(
            .unavailable,
            "The connection to the database was lost, and nothing was stored; try again.",
            cause: cause
        )
        for outcome in outcomes { outcome.refused(refusal) }
    }

    private static func uncertain(_ cause: PostgresFailure) -> MartletError {
        MartletError(
            .unavailable,
            "The connection to the database was lost while the write was being committed: it may or may not have been "
                + "stored. Look before you repeat it.",
            cause: cause
        )
    }
}
