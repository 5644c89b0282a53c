package import Core
internal import Synchronization

/// Who runs what must run once, of all the servers that share a database.
///
/// On PostgreSQL the leader holds an advisory lock with a connection of its own; when it dies, the server frees the lock
/// and another process takes it within seconds. On SQLite the only process leads.
package final class Leadership: Sendable {
    private struct State {
        var isLeader = false
        var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        var nextID: UInt64 = 0
    }

    private let lock: (any LeaderLock)?
    private let state = Mutex(State())

    /// Leadership by this lock; without one the process always leads.
    package init(lock: (any LeaderLock)?) {
        self.lock = lock
        if lock == nil { state.withLock { $0.isLeader = true } }
    }

    /// Whether several processes can share the database, so that some of them follow.
    package var isShared: Bool { lock != nil }

    /// Whether this process leads at present.
    package var isLeader: Bool { state.withLock { $0.isLeader } }

    /// Tries once to become the leader.
    ///
    /// - Returns: whether this process leads now.
    package func tryOnce() async throws(MartletError) -> Bool {
        guard let lock, !isLeader else { return true }
        guard try await Self.blocking({ try lock.acquire() }) else { return false }
        begin()
        return true
    }

    /// Waits until this process leads; returns at once when it does.
    ///
    /// - Throws: `cancelled` when the task is cancelled before.
    package func leading() async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let isOver = state.withLock { state -> Bool in
                    guard !state.isLeader, !Task.isCancelled else { return true }
                    state.waiting[id] = continuation
                    return false
                }
                guard isOver else { return }
                if isLeader { continuation.resume() } else { continuation.resume(throwing: CancellationError()) }
            }
        } onCancel: {
            state.withLock { $0.waiting.removeValue(forKey: id) }?.resume(throwing: CancellationError())
        }
    }

    /// Strives for the leadership and watches over it; `onLead` is called when this process, which followed, leads.
    ///
    /// Runs until it is cancelled, on SQLite too. A leader whose connection is lost takes the lock again before the
    /// others try.
    ///
    /// - Throws: `unavailable` when another process has taken the leadership: what runs once must stop here.
    package func run(clock: Clock = .system, onLead: @Sendable () async throws -> Void) async throws {
        guard let lock else {
            while true { try await clock.sleep(for: .seconds(StorageLimits.leaderCheckSeconds * 3600)) }
        }
        if !isLeader {
            try await strive(clock)
            try await onLead()
        }
        while true {
            try await clock.sleep(for: .seconds(StorageLimits.leaderCheckSeconds))
            do throws(MartletError) {
                if try await Self.blocking({ try lock.keep() }) { continue }
            } catch {
                // Nobody can take the lock from a server that does not answer.
                continue
            }
            state.withLock { $0.isLeader = false }
            throw MartletError(
                .unavailable,
                "Another server on the same database has become the leader while this one was cut off from the database."
                    + " Start this one again; it will follow."
            )
        }
    }

    private func strive(_ clock: Clock) async throws {
        while !isLeader {
            var pause = StorageLimits.leaderCheckSeconds
            do throws(MartletError) {
                if try await tryOnce() { return }
            } catch {
                // The leader is cut off as well: it comes first when the database is back.
                pause = StorageLimits.leaderGraceSeconds
            }
            try await clock.sleep(for: .seconds(pause))
        }
    }

    private func begin() {
        let waiting = state.withLock { state in
            state.isLeader = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for continuation in waiting.values { continuation.resume() }
    }

    /// Gives the leadership up, so that another process need not wait.
    func end() {
        state.withLock { $0.isLeader = lock == nil }
        lock?.release()
    }

    private static func blocking(_ body: @escaping @Sendable () throws -> Bool) async throws(MartletError) -> Bool {
        do {
            return try await BlockingWork.run(body)
        } catch {
            throw MartletError.wrapping(error)
        }
    }
}

/// A lock that one process holds at a time, and that is free when the process is gone.
package protocol LeaderLock: Sendable {
    /// Tries to take the lock; false when another process holds it.
    func acquire() throws(MartletError) -> Bool

    /// Makes sure that the lock is still held, taking it again when the connection was lost; false when another
    /// process holds it.
    func keep() throws(MartletError) -> Bool

    /// Frees the lock.
    func release()
}
