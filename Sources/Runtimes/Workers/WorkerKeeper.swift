import Core
import Foundation
import Logging
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// The thread that owns the processes of a pool: it starts them, reads what they send, keeps deadlines and buries them.
///
/// It lives as long as there are processes, because the kernel ends a worker together with the thread that started it.
final class WorkerKeeper {
    private let pool: WorkerPool
    private var processes: [Int: WorkerProcess] = [:]
    private let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 256 * 1024, alignment: 16)
    private var isFinished = false
    /// When the workers that have not been ready yet must be.
    private var due: [Int: UInt64] = [:]

    /// How long it sleeps at most while there are processes: where the kernel does not tell of an end, this is how long
    /// one goes unnoticed, and a call with a nearer deadline has to wake it.
    private static let nap: UInt64 = 500_000_000

    init(_ pool: WorkerPool) {
        self.pool = pool
    }

    deinit {
        buffer.deallocate()
    }

    /// Runs on a thread of its own until every process has ended.
    func startThread() {
        // Safe because the keeper is handed over: nothing else refers to it.
        nonisolated(unsafe) let keeper = self
        let thread = Thread { keeper.run() }
        thread.name = "martlet.workers"
        thread.start()
    }

    private func run() {
        handle(.begin)
        while !isFinished {
            var watched = watch()
            let timeout = prepareSleep()
            _ = poll(&watched.descriptors, nfds_t(watched.descriptors.count), timeout)
            pool.state.withLock { $0.sleepsUntil = 0 }
            if watched.descriptors[0].revents != 0 { pool.wake.clear(buffer) }
            for (position, index) in watched.owners.enumerated() where index >= 0 {
                if watched.descriptors[position].revents != 0 { attend(index, watched.descriptors[position]) }
            }
            for index in processes.keys.sorted() { bury(index) }
            expire()
            drainIfClosing()
            handle(.tick)
            assignWaiting()
        }
        pool.state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.isFinished = true
            defer { state.closers = [] }
            return state.closers
        }.forEach { $0.resume() }
    }

    // MARK: Sleeping

    private func watch() -> (descriptors: [pollfd], owners: [Int]) {
        var descriptors = [pollfd(fd: pool.wake.waiting, events: Int16(POLLIN), revents: 0)]
        var owners = [-1]
        let unsent = pool.state.withLock { state in state.seats.map { !$0.unsent.isEmpty } }
        for (index, process) in processes {
            if process.isConnected {
                let events = Int16(POLLIN) | (unsent[index] ? Int16(POLLOUT) : 0)
                descriptors.append(pollfd(fd: process.channel, events: events, revents: 0))
                owners.append(index)
            }
            for descriptor in [process.output, process.death] where descriptor >= 0 {
                descriptors.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0))
                owners.append(index)
            }
        }
        return (descriptors, owners)
    }

    /// The milliseconds until something has to be done, noted where callers see it.
    private func prepareSleep() -> Int32 {
        pool.state.withLock { state in
            let now = Clock.monotonicNanoseconds
            var until = now + Self.nap
            if let tick = state.supervisor.nextTick { until = min(until, tick) }
            for seat in state.seats where seat.call?.answer != nil { until = min(until, seat.call?.deadline ?? until) }
            for item in state.waiting { until = min(until, item.call.deadline) }
            if state.isClosing, !state.supervisor.isDraining { until = now }
            state.sleepsUntil = until
            // Rounded up: waking before the moment would only mean to sleep again.
            return until <= now ? 0 : Int32((until - now + 999_999) / 1_000_000)
        }
    }

    // MARK: What processes send

    private func attend(_ index: Int, _ descriptor: pollfd) {
        guard var process = processes[index] else { return }
        if descriptor.fd == process.output {
            log(process.readOutput(buffer), of: process)
            processes[index] = process
        } else if descriptor.fd == process.channel, process.isConnected {
            if descriptor.revents & Int16(POLLOUT) != 0 {
                _ = pool.state.withLock { $0.send(index) }
            }
            guard descriptor.revents & ~Int16(POLLOUT) != 0 else { return }
            let received = process.receive(buffer)
            processes[index] = process
            switch received {
            case .frames(let frames): for frame in frames { take(frame, from: index) }
            case .end: handle(.misbehaved(index))
            case .violation(let error): violated(index, error)
            }
        }
    }

    private func take(_ frame: WorkerFrame, from index: Int) {
        do {
            switch frame.kind {
            case .ready: try ready(frame, index)
            case .failed: try failed(WorkerComplaint(frame), index)
            case .result, .error: try answered(frame, index)
            case .load, .call: throw WorkerProtocolError(description: "A worker sent what only a server sends.")
            }
        } catch {
            violated(index, error)
        }
    }

    private func violated(_ index: Int, _ error: any Error) {
        pool.logger.error("worker broke the protocol", metadata: metadata(index, ["reason": "\(error)"]))
        handle(.misbehaved(index))
    }

    private func ready(_ frame: WorkerFrame, _ index: Int) throws(WorkerProtocolError) {
        guard let header = try? JSONValue.parse(frame.header), let process = processes[index] else {
            throw WorkerProtocolError(description: "A worker is ready without saying what it is.")
        }
        let isStarting = pool.state.withLock { state in
            guard case .starting = state.supervisor.phases[index] else { return false }
            return true
        }
        guard isStarting else { throw WorkerProtocolError(description: "A worker said twice that it is ready.") }
        let memory = Int(exactly: header["memory_bytes"]?.integerValue ?? 0) ?? 0
        let startup = pool.state.withLock { state in
            state.memoryBytes = max(state.memoryBytes, memory)
            state.hasStarted = true
            return state.startup.take()
        }
        let seconds = Double(Clock.monotonicNanoseconds - process.startedAt) / 1e9
        pool.logger.notice(
            "worker ready",
            metadata: metadata(
                index,
                ["python": "\(header["python"]?.stringValue ?? "?")", "seconds": "\((seconds * 100).rounded() / 100)"]
            )
        )
        handle(.ready(index))
        assignWaiting()
        startup?.resume()
    }

    private func failed(_ complaint: WorkerComplaint, _ index: Int) {
        pool.logger.error(
            "worker could not load the model",
            metadata: metadata(index, ["error": "\(complaint.type): \(complaint.message)"])
        )
        failStartup(complaint.loadError)
        handle(.misbehaved(index))
    }

    private func failStartup(_ error: MartletError) {
        let startup = pool.state.withLock { state in
            let startup = state.startup.take()
            if startup != nil { state.isClosing = true }
            return startup
        }
        startup?.resume(throwing: error)
    }

    private func answered(_ frame: WorkerFrame, _ index: Int) throws(WorkerProtocolError) {
        let now = Clock.monotonicNanoseconds
        let call = pool.state.withLock { state -> WorkerPool.Call? in
            guard let call = state.seats[index].call, call.id == frame.id else { return nil }
            state.seats[index].call = nil
            state.seats[index].unsent = []
            state.seats[index].busyNanoseconds += now - call.begun
            return call
        }
        guard let call else {
            throw WorkerProtocolError(description: "A worker answered a call that it was not given.")
        }
        if frame.kind == .error, try WorkerComplaint(frame).fault == .memory {
            // It is about to end, and gets no further call.
            handle(.misbehaved(index))
        } else {
            // The next call first: the worker need not wait for this thread to wake the caller.
            handle(.answered(index, took: now - call.begun))
            assignWaiting()
        }
        call.answer?.resume(returning: frame)
    }

    // MARK: Deadlines and calls that wait

    private func expire() {
        let now = Clock.monotonicNanoseconds
        let (expired, overdue) = pool.state.withLock { state in
            var expired: [WorkerPool.Call] = []
            var overdue: [Int] = []
            if state.waiting.contains(where: { $0.call.deadline <= now }) {
                expired = state.waiting.filter { $0.call.deadline <= now }.map(\.call)
                state.waiting.removeAll { $0.call.deadline <= now }
            }
            for index in state.seats.indices {
                guard let call = state.seats[index].call, call.deadline <= now else { continue }
                expired.append(call)
                state.seats[index].call?.answer = nil
                if state.supervisor.phases[index] == .busy { overdue.append(index) }
            }
            return (expired, overdue)
        }
        for call in expired { call.answer?.resume(throwing: Self.late) }
        for index in overdue {
            handle(.overdue(index, isStopped: processes[index]?.isStopped ?? false))
        }
    }

    private static let late = MartletError(.deadlineExceeded, "The model did not answer before the call's deadline.")

    private func assignWaiting() {
        let refused: [WorkerPool.Call] = pool.state.withLock { state in
            while !state.waiting.isEmpty, let index = state.idle {
                let next = state.waiting.removeFirst()
                _ = state.assign(next.call, next.frame, to: index)
            }
            guard !state.waiting.isEmpty, !state.supervisor.hasProspect else { return [] }
            defer { state.waiting.removeAll() }
            return state.waiting.map(\.call)
        }
        guard !refused.isEmpty else { return }
        let error = WorkerPool.broken(pool.state.withLock { $0.supervisor.breaker })
        for call in refused { call.answer?.resume(throwing: error) }
    }

    private func drainIfClosing() {
        let shallDrain = pool.state.withLock { state in
            state.isClosing && state.waiting.isEmpty && !state.supervisor.isDraining
        }
        guard shallDrain else { return }
        failStartup(WorkerPool.closing)
        handle(.drain)
    }

    // MARK: What the supervisor decides

    private func handle(_ event: WorkerSupervisor.Event) {
        let actions = pool.state.withLock { $0.supervisor.handle(event, now: Clock.monotonicNanoseconds) }
        for action in actions { perform(action) }
    }

    private func perform(_ action: WorkerSupervisor.Action) {
        switch action {
        case .start(let index): start(index)
        case .kill(let index): processes[index]?.kill()
        case .dismiss(let index):
            if let process = processes[index] { shutdown(process.channel, Int32(SHUT_WR)) }
        case .reportBreak(let pause):
            pool.logger.error(
                "workers crash too often; none is started for a while",
                metadata: ["seconds": "\(pause / 1_000_000_000)"]
            )
        case .reportRecovery: pool.logger.notice("workers run again")
        case .finish: isFinished = true
        }
    }

    private func start(_ index: Int) {
        do {
            let process = try WorkerProcess(pool.command)
            processes[index] = process
            pool.state.withLock { state in
                state.seats[index].channel = process.channel
                state.seats[index].process = process.id
                state.seats[index].starts += 1
                if case .starting(let moment) = state.supervisor.phases[index] { due[index] = moment }
            }
        } catch {
            pool.logger.error("worker could not be started", metadata: ["error": "\(error.message)"])
            failStartup(error)
            handle(.exited(index))
        }
    }

    private func bury(_ index: Int) {
        guard var process = processes[index], let how = process.reap() else { return }
        // From here on it gets no call.
        pool.state.withLock { $0.seats[index].channel = -1 }
        // What it sent before it ended is still there.
        while process.isConnected, case .frames(let frames) = process.receive(buffer), !frames.isEmpty {
            for frame in frames { take(frame, from: index) }
        }
        let call = pool.state.withLock { state in
            state.seats[index].process = 0
            state.seats[index].unsent = []
            return state.seats[index].call.take()
        }
        log(process.readOutput(buffer) + process.lastLines(), of: process)
        let isExpected = pool.state.withLock { $0.supervisor.isDraining }
        pool.logger.log(
            level: isExpected ? .info : .warning,
            "worker ended",
            metadata: metadata(index, ["how": "\(how)"])
        )
        let tail = process.tail
        process.closeAll()
        processes[index] = nil
        call?.answer?.resume(
            throwing: MartletError(.unavailable, "The model's worker ended during the call (\(how)); try again.")
        )
        failStartup(startFailure(how, isLate: due[index].map { Clock.monotonicNanoseconds >= $0 } ?? false, tail))
        handle(.exited(index))
    }

    private func startFailure(_ how: String, isLate: Bool, _ tail: [String]) -> MartletError {
        if isLate {
            return MartletError(
                .deadlineExceeded,
                "The model's worker did not load the model within \(pool.startTimeout / 1_000_000_000) s."
            )
        }
        let last = tail.suffix(3).map { HostPaths.removed(from: $0) }.joined(separator: " / ")
        let said = last.isEmpty ? "It said nothing." : "Its last words: \(last.prefix(WorkerLimits.messageCharacters))"
        return MartletError(.failedPrecondition, "The model's worker ended \(how) before it was ready. \(said)")
    }

    // MARK: Log

    private func metadata(_ index: Int, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        var all: Logger.Metadata = ["worker": "\(index)"]
        if let process = processes[index] { all["process"] = "\(process.id)" }
        return all.merging(more) { _, given in given }
    }

    private func log(_ lines: [String], of process: WorkerProcess) {
        for line in lines {
            pool.logger.notice("worker output", metadata: ["process": "\(process.id)", "line": "\(line)"])
        }
    }
}
