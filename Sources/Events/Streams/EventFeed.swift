package import Core
package import Logging
import Synchronization

/// Wakes those who read the stream live, ends their streams when it is time, and forgets old events.
///
/// What this server writes and what others write on the same database is found in one way: by asking, a few times a second
/// and only while somebody reads, how far the stream has come. Readers then read for themselves, as much as they can take.
package final class EventFeed: Sendable {
    /// Why a wait ended.
    enum Wakening: Sendable, Equatable {
        /// There are events that the reader has not seen.
        case events
        /// Nothing happened for a while.
        case silence
        /// The stream must end.
        case ending(StreamBoard.Ending)
    }

    private struct Waiter {
        let stream: UInt64
        let cursor: Int64
        let until: Timestamp
        let continuation: CheckedContinuation<Wakening, Never>
    }

    private struct State {
        var board = StreamBoard()
        var waiters: [UInt64: Waiter] = [:]
    }

    let log: EventLog
    private let retention: EventRetention
    private let clock: Clock
    private let logger: Logger
    private let state = Mutex(State())

    /// A feed of a stream; `run` makes it live.
    ///
    /// - Parameters:
    ///   - log: the stream.
    ///   - retention: how much of it is kept.
    ///   - clock: the time.
    ///   - logger: where failures are told.
    package init(
        log: EventLog,
        retention: EventRetention = EventRetention(),
        clock: Clock = .system,
        logger: Logger
    ) {
        self.log = log
        self.retention = retention
        self.clock = clock
        self.logger = logger
    }

    /// How many streams are open.
    package var streamCount: Int { state.withLock { $0.board.count } }

    /// Looks for new events and for streams that must end, until the task is cancelled; then ends them all.
    package func run() async {
        var forgetAt = clock.now
        while !Task.isCancelled {
            await look()
            if clock.now >= forgetAt {
                await forget()
                forgetAt = clock.now + .seconds(EventsLimits.forgetSeconds)
            }
            do { try await clock.sleep(for: .milliseconds(EventsLimits.pollMilliseconds)) } catch { break }
        }
        stop()
    }

    /// Ends every stream and opens no more: the server stops.
    package func stop() {
        let waiters = state.withLock { state in
            state.board.stop()
            defer { state.waiters = [:] }
            return state.waiters
        }
        for waiter in waiters.values { waiter.continuation.resume(returning: .ending(.stopping)) }
    }

    /// Asks once how far the stream is and wakes whom it concerns.
    private func look() async {
        let isWaitedFor = state.withLock { state in
            state.board.sweep(now: clock.now)
            return !state.waiters.isEmpty
        }
        guard isWaitedFor else { return }
        var last: Int64?
        do {
            last = try await log.last()
        } catch  where Task.isCancelled {
            return
        } catch {
            logger.warning("The stream of events cannot be read.", metadata: ["error": "\(error)"])
        }
        let now = clock.now
        let woken = state.withLock { state -> [(Waiter, Wakening)] in
            var woken: [(Waiter, Wakening)] = []
            for (id, waiter) in state.waiters {
                let wakening: Wakening
                if let ending = state.board.ending(of: waiter.stream) {
                    wakening = .ending(ending)
                } else if let last, last != waiter.cursor {
                    wakening = .events
                } else if now >= waiter.until {
                    wakening = .silence
                } else {
                    continue
                }
                woken.append((waiter, wakening))
                state.waiters[id] = nil
            }
            return woken
        }
        for (waiter, wakening) in woken { waiter.continuation.resume(returning: wakening) }
    }

    private func forget() async {
        do {
            try await log.forget(retention)
        } catch {
            logger.warning("Old events cannot be forgotten.", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - For streams

    /// Takes a place for a stream.
    func open() throws(MartletError) -> UInt64 {
        let now = clock.now
        return try state.withLock { state throws(MartletError) in try state.board.open(now: now) }
    }

    /// Frees a stream's place.
    func close(_ stream: UInt64) {
        state.withLock { $0.board.close(stream) }
    }

    /// Says that a stream's reader is given something, or has taken it.
    func mark(_ stream: UInt64, isWriting: Bool) {
        let now = clock.now
        state.withLock { $0.board.mark(stream, isWriting: isWriting, now: now) }
    }

    /// Why a stream must end; nil when it may go on.
    func ending(of stream: UInt64) -> StreamBoard.Ending? {
        state.withLock { $0.board.ending(of: stream) }
    }

    /// Waits until the stream has gone past a place, or for as long as a stream may be silent.
    func wait(_ stream: UInt64, past cursor: Int64) async -> Wakening {
        let until = clock.now + .seconds(EventsLimits.heartbeatSeconds)
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let ending = state.withLock { state -> StreamBoard.Ending? in
                    if let ending = state.board.ending(of: stream) { return ending }
                    if Task.isCancelled { return .stopping }
                    state.waiters[stream] = Waiter(
                        stream: stream,
                        cursor: cursor,
                        until: until,
                        continuation: continuation
                    )
                    return nil
                }
                if let ending { continuation.resume(returning: .ending(ending)) }
            }
        } onCancel: {
            let waiter = state.withLock { $0.waiters.removeValue(forKey: stream) }
            waiter?.continuation.resume(returning: .ending(.stopping))
        }
    }
}
