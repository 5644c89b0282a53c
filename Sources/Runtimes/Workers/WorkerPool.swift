import CHost
import Core
import Logging
import Synchronization

/// The workers of one model: gives calls to idle ones, and does what the supervisor decides.
///
/// A call is written to a worker's connection by whoever makes it; one thread, `WorkerKeeper`, reads answers, watches
/// processes and keeps the deadlines.
final class WorkerPool: Sendable {
    /// One call and who waits for it.
    struct Call {
        let id: UInt64
        let deadline: UInt64
        /// Nil when nobody waits any more.
        var answer: CheckedContinuation<WorkerFrame, any Error>?
        var begun: UInt64 = 0
    }

    /// One worker as callers see it.
    struct Seat {
        /// Its connection; -1 without one.
        var channel: Int32 = -1
        var process: Int32 = 0
        var call: Call?
        /// What the connection had no room for.
        var unsent: ArraySlice<UInt8> = []
        var busyNanoseconds: UInt64 = 0
        var calls = 0
        var starts = 0
    }

    struct State {
        var supervisor: WorkerSupervisor
        var seats: [Seat]
        var waiting: [(call: Call, frame: [UInt8])] = []
        var nextID: UInt64 = 1
        var isClosing = false
        /// Until when the keeper sleeps if nobody wakes it.
        var sleepsUntil: UInt64 = 0
        var startup: CheckedContinuation<Void, any Error>?
        var hasStarted = false
        var closers: [CheckedContinuation<Void, Never>] = []
        var isFinished = false
        var memoryBytes = 0
    }

    let state: Mutex<State>
    let wake: WorkerWake
    let command: WorkerCommand
    let logger: Logger
    /// Removes the directory of the workers when the last process has ended.
    let scratch: WorkerScratch
    /// How long loading the model may take, in nanoseconds.
    let startTimeout: UInt64

    /// A pool without processes.
    init(
        command: WorkerCommand,
        scratch: WorkerScratch,
        count: Int,
        startTimeout: UInt64,
        callTimeout: UInt64,
        logger: Logger
    ) throws(MartletError) {
        let supervisor = WorkerSupervisor(count: count, startTimeout: startTimeout, callTimeout: callTimeout)
        let seats = Array(repeating: Seat(), count: supervisor.phases.count)
        state = Mutex(State(supervisor: supervisor, seats: seats))
        wake = try WorkerWake()
        self.command = command
        self.scratch = scratch
        self.startTimeout = startTimeout
        self.logger = logger
    }

    /// Starts the processes; returns when the first has loaded the model.
    ///
    /// - Throws: why it could not; no process is left then.
    func start() async throws {
        do {
            try await withCheckedThrowingContinuation { continuation in
                state.withLock { $0.startup = continuation }
                WorkerKeeper(self).startThread()
            }
        } catch {
            await close()
            throw error
        }
    }

    /// Gives a call to a worker, waits for one if all are busy, and returns the answer.
    ///
    /// - Parameters:
    ///   - deadline: until when the caller waits.
    ///   - frame: makes the bytes of the call with this id.
    /// - Returns: a frame of the kind `result` or `error`.
    /// - Throws: `deadlineExceeded`, `unavailable`, `resourceExhausted`, or what the caller's cancellation says.
    func answer(deadline: UInt64, frame: (UInt64) throws -> [UInt8]) async throws -> WorkerFrame {
        let id = state.withLock { state in
            defer { state.nextID += 1 }
            return state.nextID
        }
        let bytes = try frame(id)
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                submit(Call(id: id, deadline: deadline, answer: continuation), bytes)
                if Task.isCancelled { cancel(id) }
            }
        } onCancel: {
            cancel(id)
        }
    }

    private func submit(_ call: Call, _ frame: [UInt8]) {
        let refusal: MartletError? = state.withLock { state in
            if state.isClosing { return Self.closing }
            if let index = state.idle {
                if state.assign(call, frame, to: index) || state.sleepsUntil > call.deadline { wake.call() }
                return nil
            }
            if !state.supervisor.hasProspect { return Self.broken(state.supervisor.breaker) }
            guard state.waiting.count < WorkerLimits.waitingCalls else {
                return MartletError(
                    .resourceExhausted,
                    "\(WorkerLimits.waitingCalls) calls wait for the model's workers; try again later."
                )
            }
            state.waiting.append((call, frame))
            if state.sleepsUntil > call.deadline { wake.call() }
            return nil
        }
        if let refusal { call.answer?.resume(throwing: refusal) }
    }

    private func cancel(_ id: UInt64) {
        let continuation = state.withLock { state -> CheckedContinuation<WorkerFrame, any Error>? in
            if let position = state.waiting.firstIndex(where: { $0.call.id == id }) {
                return state.waiting.remove(at: position).call.answer
            }
            guard let index = state.seats.firstIndex(where: { $0.call?.id == id }) else { return nil }
            return state.seats[index].call?.answer.take()
        }
        continuation?.resume(throwing: CancellationError())
    }

    /// Takes no more calls, lets those under way finish, and returns when every process has ended.
    func close() async {
        await withCheckedContinuation { continuation in
            let isFinished = state.withLock { state in
                state.isClosing = true
                if !state.isFinished { state.closers.append(continuation) }
                return state.isFinished
            }
            if isFinished { continuation.resume() } else { wake.call() }
        }
    }

    /// Ends every process without waiting for it.
    func abandon() {
        let calls = state.withLock { state in
            state.isClosing = true
            defer { state.waiting.removeAll() }
            return state.waiting.map(\.call)
        }
        for call in calls { call.answer?.resume(throwing: Self.closing) }
        wake.call()
    }

    /// What the workers are about.
    var status: [WorkerStatus] {
        state.withLock { state in
            zip(state.supervisor.phases, state.seats).map { phase, seat in
                WorkerStatus(
                    phase: phase.word,
                    process: phase.hasProcess && seat.process > 0 ? Int(seat.process) : nil,
                    channel: seat.channel >= 0 ? seat.channel : nil,
                    calls: seat.calls,
                    starts: seat.starts
                )
            }
        }
    }

    static let closing = MartletError(.unavailable, "The model is being unloaded; try again.")

    static func broken(_ breaker: CircuitBreaker) -> MartletError {
        var seconds: UInt64 = 1
        if case .open(let until) = breaker.state {
            let now = Clock.monotonicNanoseconds
            seconds = until > now ? (until - now) / 1_000_000_000 + 1 : 1
        }
        return MartletError(
            .unavailable,
            "The model's workers crashed \(WorkerLimits.crashes) times within a minute; the next is started in"
                + " \(seconds) s. The server's log has their output."
        )
    }
}

extension WorkerPool.State {
    /// The idle worker that has worked the least.
    var idle: Int? {
        let phases = supervisor.phases
        return seats.indices.filter { phases[$0] == .ready && seats[$0].channel >= 0 }.min {
            seats[$0].busyNanoseconds < seats[$1].busyNanoseconds
        }
    }

    /// Gives a call to an idle worker; says whether the keeper has to send the rest of it.
    mutating func assign(_ call: WorkerPool.Call, _ frame: [UInt8], to index: Int) -> Bool {
        let now = Clock.monotonicNanoseconds
        _ = supervisor.handle(.assigned(index), now: now)
        seats[index].call = call
        seats[index].call?.begun = now
        seats[index].calls += 1
        seats[index].unsent = frame[...]
        return send(index)
    }

    /// Sends what fits; says whether something is left.
    mutating func send(_ index: Int) -> Bool {
        let seat = seats[index]
        guard seat.channel >= 0, !seat.unsent.isEmpty else { return false }
        let sent = seat.unsent.withUnsafeBytes { martlet_send_some(seat.channel, $0.baseAddress, $0.count) }
        if sent > 0 {
            seats[index].unsent = seat.unsent.dropFirst(sent)
            if seats[index].unsent.isEmpty { seats[index].unsent = [] }
        }
        return !seats[index].unsent.isEmpty
    }
}

/// One worker, for reports.
package struct WorkerStatus: Sendable, Equatable {
    /// What it is about: `starting`, `ready`, `busy`, `suspect`, `dying`, `backoff`, `broken`, `draining` or `ended`.
    package let phase: String
    /// Its process's id; nil without one.
    package let process: Int?
    /// The descriptor of the connection to it; nil without one.
    package let channel: Int32?
    /// Calls it was given so far.
    package let calls: Int
    /// How often it was started.
    package let starts: Int
}
