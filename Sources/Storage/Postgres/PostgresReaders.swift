package import Core
internal import Dispatch
internal import Synchronization

/// The connections that read: so many at once, kept open between reads.
final class PostgresReaders: Sendable {
    private struct Waiter {
        let id: UInt64
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var idle: [PostgresSession] = []
        var permits = StorageLimits.readers
        var waiters: [Waiter] = []
        var nextID: UInt64 = 0
        var isClosed = false
    }

    private let connector: PostgresConnector
    private let state = Mutex(State())
    private let timers = DispatchQueue(label: "martlet.database.waiting")

    init(connector: PostgresConnector) {
        self.connector = connector
    }

    /// Waits until one more may read.
    ///
    /// - Throws: `unavailable` when it takes too long.
    func admit() async throws {
        let isFree = state.withLock { state in
            guard state.permits > 0 else { return false }
            state.permits -= 1
            return true
        }
        if isFree { return }
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let id = state.withLock { state -> UInt64? in
                guard state.permits == 0 else {
                    state.permits -= 1
                    return nil
                }
                state.nextID += 1
                state.waiters.append(Waiter(id: state.nextID, continuation: continuation))
                return state.nextID
            }
            guard let id else { return continuation.resume() }
            timers.asyncAfter(deadline: .now() + StorageLimits.readerWaitSeconds) { self.giveUp(id) }
        }
    }

    private func giveUp(_ id: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            state.waiters.firstIndex { $0.id == id }.map { state.waiters.remove(at: $0) }
        }
        waiter?.continuation.resume(
            throwing: MartletError(.unavailable, "All connections to the database are in use; try again.")
        )
    }

    /// Lets the next one read.
    func leave() {
        let waiter = state.withLock { state -> Waiter? in
            guard state.waiters.isEmpty else { return state.waiters.removeFirst() }
            state.permits += 1
            return nil
        }
        waiter?.continuation.resume()
    }

    /// A session that was used before, or a new one.
    func take(onlyNew: Bool = false) throws(MartletError) -> (session: PostgresSession, isNew: Bool) {
        if !onlyNew, let session = state.withLock({ $0.idle.popLast() }) { return (session, false) }
        return (try connector.connect(answerSeconds: StorageLimits.readSeconds), true)
    }

    /// Keeps a session for the next reader, unless it is broken.
    func put(_ session: PostgresSession) {
        guard session.broken == nil else { return }
        state.withLock { state in
            if !state.isClosed { state.idle.append(session) }
        }
    }

    /// Drops the sessions that nobody uses: the server has gone, and they with it.
    func dropIdle() {
        // Closed outside the lock: it sends a farewell.
        _ = state.withLock { state in
            defer { state.idle = [] }
            return state.idle
        }
    }

    /// Closes the sessions that nobody uses, and those in use when they come back.
    func close() {
        state.withLock { $0.isClosed = true }
        dropIdle()
    }
}

/// Makes connections, and spares a server that is down: after a failure the next attempt waits a little.
package final class PostgresConnector: Sendable {
    let address: PostgresAddress
    private let failed = Mutex<(until: DispatchTime, error: MartletError)?>(nil)

    /// Makes connections to this address.
    package init(address: PostgresAddress) {
        self.address = address
    }

    /// Connects, runs one statement and closes again.
    ///
    /// - Throws: `unavailable` when there is no connection, `deadlineExceeded` when there is no answer in time.
    package func check(_ sql: String, answerSeconds: Double) throws(MartletError) {
        try connect(answerSeconds: answerSeconds).run(sql, []) { _ throws(MartletError) in }
    }

    /// A new session.
    ///
    /// - Throws: `unavailable`, without waiting when the last attempt has just failed.
    func connect(answerSeconds: Double) throws(MartletError) -> PostgresSession {
        if let failure = failed.withLock({ $0 }), failure.until > .now() { throw failure.error }
        do {
            let session = try PostgresSession.open(
                address,
                within: StorageLimits.connectSeconds,
                answerSeconds: answerSeconds
            )
            failed.withLock { $0 = nil }
            return session
        } catch {
            // Clients learn that it is temporary, and not where the database is.
            let shown = MartletError(.unavailable, "The database cannot be reached; try again.", cause: error)
            failed.withLock { $0 = (.now() + StorageLimits.reconnectSeconds, shown) }
            throw shown
        }
    }
}

/// One read: a snapshot that begins with the first statement.
final class PostgresReader: StatementRunner {
    private let readers: PostgresReaders
    private var session: PostgresSession?

    init(readers: PostgresReaders) {
        self.readers = readers
    }

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
        if let session { return try session.run(sql, arguments, take) }
        let (session, isNew) = try begin(onlyNew: false)
        do throws(MartletError) {
            return try session.run(sql, arguments, take)
        } catch {
            // A session of before the server's restart: nothing has been read in it, so a new one does as well.
            guard session.broken != nil, !isNew else { throw error }
            readers.dropIdle()
            return try begin(onlyNew: true).session.run(sql, arguments, take)
        }
    }

    private func begin(onlyNew: Bool) throws(MartletError) -> (session: PostgresSession, isNew: Bool) {
        let taken = try readers.take(onlyNew: onlyNew)
        taken.session.enqueue("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        session = taken.session
        return taken
    }

    /// Ends the snapshot and gives the connection back.
    func finish() {
        guard let session else { return }
        session.enqueue("COMMIT")
        session.synchronizeLater()
        readers.put(session)
    }
}
