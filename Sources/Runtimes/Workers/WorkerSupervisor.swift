/// Decides when the workers of one model are started, suspected, ended and given up; it does none of that itself.
///
/// Times are monotonic nanoseconds.
package struct WorkerSupervisor: Sendable {
    /// What happened; a number is that of a worker.
    package enum Event: Sendable, Equatable {
        /// The model shall be served.
        case begin
        /// A worker has loaded the model.
        case ready(Int)
        /// A worker was given a call.
        case assigned(Int)
        /// A worker answered its call, which took this long.
        case answered(Int, took: UInt64)
        /// A worker's call passed its deadline; `isStopped` when the system says that the process does not run at all.
        case overdue(Int, isStopped: Bool)
        /// A worker broke the protocol or closed its connection.
        case misbehaved(Int)
        /// A worker's process has ended.
        case exited(Int)
        /// Time has passed.
        case tick
        /// No more calls come; workers end when they have answered theirs.
        case drain
    }

    /// What is to be done; a number is that of a worker.
    package enum Action: Sendable, Equatable {
        /// Start a process.
        case start(Int)
        /// End the process at once.
        case kill(Int)
        /// Close the connection, upon which the process ends by itself.
        case dismiss(Int)
        /// Tell that nothing is started for this many nanoseconds.
        case reportBreak(pause: UInt64)
        /// Tell that the trial succeeded.
        case reportRecovery
        /// Every process has ended, and none will be started.
        case finish
    }

    private struct Seat {
        var phase = WorkerPhase.backoff(until: .max)
        /// Crashes in a row.
        var crashes = 0
        var readySince: UInt64 = 0
        /// The slowest of the recent calls; nil before the first answer of the process.
        var slowest: UInt64?
    }

    private var seats: [Seat]
    private let startTimeout: UInt64
    private let callTimeout: UInt64
    /// Whether starts are allowed.
    package private(set) var breaker = CircuitBreaker()
    /// Whether workers only finish what they have.
    package private(set) var isDraining = false
    private var isFinished = false
    /// The worker whose fate decides whether the breaker closes.
    private var trial: Int?
    /// Crashes so far.
    package private(set) var totalCrashes = 0

    /// A supervisor of `count` workers, none of which runs.
    ///
    /// - Parameters:
    ///   - count: how many workers, at least 1 and at most `WorkerLimits.processes`.
    ///   - startTimeout: how long loading the model may take, in nanoseconds.
    ///   - callTimeout: the longest that a call may take, in nanoseconds.
    package init(count: Int, startTimeout: UInt64, callTimeout: UInt64) {
        seats = Array(repeating: Seat(), count: min(max(count, 1), WorkerLimits.processes))
        self.startTimeout = startTimeout
        self.callTimeout = callTimeout
    }

    /// What each worker is about.
    package var phases: [WorkerPhase] { seats.map(\.phase) }

    /// Whether a call can be answered without a trial after a pause.
    package var hasProspect: Bool {
        seats.contains { seat in
            switch seat.phase {
            case .starting, .ready, .busy, .suspect, .dying, .backoff: true
            case .broken, .leaving, .ended: false
            }
        }
    }

    /// The next moment at which a `tick` changes something.
    package var nextTick: UInt64? {
        var moments: [UInt64] = []
        for (index, seat) in seats.enumerated() {
            switch seat.phase {
            case .starting(let moment), .suspect(let moment), .backoff(let moment), .leaving(let moment):
                moments.append(moment)
            case .ready where breaker.state == .halfOpen && index == trial:
                moments.append(seat.readySince + WorkerLimits.settled)
            case .ready, .busy, .dying, .broken, .ended: break
            }
        }
        if case .open(let until) = breaker.state, seats.contains(where: { $0.phase == .broken }) {
            moments.append(until)
        }
        return moments.min()
    }

    /// Takes note of an event; what does not fit the worker's phase changes nothing.
    package mutating func handle(_ event: Event, now: UInt64) -> [Action] {
        switch event {
        case .begin: return isDraining ? [] : seats.indices.flatMap { begin($0, now: now) }
        case .tick: return tick(now: now)
        case .drain: return drain(now: now)
        case .ready(let index), .assigned(let index), .answered(let index, _), .overdue(let index, _),
            .misbehaved(let index), .exited(let index):
            guard seats.indices.contains(index) else { return [] }
            return handle(event, of: index, now: now)
        }
    }

    private mutating func begin(_ index: Int, now: UInt64) -> [Action] {
        guard seats[index].phase == .backoff(until: .max) else { return [] }
        return start(index, now: now)
    }

    private mutating func handle(_ event: Event, of index: Int, now: UInt64) -> [Action] {
        switch (event, seats[index].phase) {
        case (.ready, .starting):
            seats[index].phase = .ready
            seats[index].readySince = now
            return []
        case (.assigned, .ready):
            seats[index].phase = .busy
            return []
        case (.answered(_, let took), .busy), (.answered(_, let took), .suspect):
            return answered(index, took: took, now: now)
        case (.overdue(_, let isStopped), .busy):
            if isStopped { return kill(index) }
            seats[index].phase = .suspect(until: now + grace(index))
            return []
        case (.misbehaved, .starting), (.misbehaved, .ready), (.misbehaved, .busy), (.misbehaved, .suspect):
            return kill(index)
        case (.exited, let phase) where phase.hasProcess:
            return exited(index, now: now)
        default: return []
        }
    }

    private mutating func answered(_ index: Int, took: UInt64, now: UInt64) -> [Action] {
        let before = seats[index].slowest ?? 0
        // The slowest call is forgotten slowly, so that one that was slow by chance does not count for ever.
        seats[index].slowest = max(took, before - before / 16)
        seats[index].crashes = 0
        if isDraining { return dismiss(index, now: now) }
        seats[index].phase = .ready
        return proved(index, now: now)
    }

    private func grace(_ index: Int) -> UInt64 {
        guard let slowest = seats[index].slowest else { return min(WorkerLimits.firstCallGrace, callTimeout) }
        let (patient, overflow) = slowest.multipliedReportingOverflow(by: WorkerLimits.patience)
        return max(WorkerLimits.grace, min(overflow ? callTimeout : patient, callTimeout))
    }

    private mutating func exited(_ index: Int, now: UInt64) -> [Action] {
        if isDraining {
            seats[index].phase = .ended
            return finish()
        }
        totalCrashes += 1
        let seat = seats[index]
        if seat.slowest == nil, seat.readySince > 0, now - seat.readySince >= WorkerLimits.settled {
            seats[index].crashes = 0
        }
        seats[index].crashes += 1
        seats[index].slowest = nil
        seats[index].readySince = 0
        if breaker.crashed(now: now), case .open(let until) = breaker.state {
            for other in seats.indices where !seats[other].phase.hasProcess { seats[other].phase = .broken }
            seats[index].phase = .broken
            trial = nil
            return [.reportBreak(pause: until - now)]
        }
        guard breaker.state == .closed else {
            seats[index].phase = .broken
            return []
        }
        let wait = Self.backoff(after: seats[index].crashes)
        guard wait > 0 else { return start(index, now: now) }
        seats[index].phase = .backoff(until: now + wait)
        return []
    }

    /// How long to wait before the start that follows this many crashes in a row, in nanoseconds.
    package static func backoff(after crashes: Int) -> UInt64 {
        guard crashes > 1 else { return 0 }
        return min(WorkerLimits.firstBackoff << UInt64(min(crashes - 2, 16)), WorkerLimits.longestBackoff)
    }

    private mutating func tick(now: UInt64) -> [Action] {
        var actions: [Action] = []
        for index in seats.indices {
            switch seats[index].phase {
            case .starting(let moment) where now >= moment, .suspect(let moment) where now >= moment,
                .leaving(let moment) where now >= moment:
                actions += kill(index)
            case .backoff(let moment) where now >= moment && breaker.state == .closed:
                actions += start(index, now: now)
            case .ready where now >= seats[index].readySince + WorkerLimits.settled:
                actions += proved(index, now: now)
            default: break
            }
        }
        if let broken = seats.firstIndex(where: { $0.phase == .broken }), breaker.mayTry(now: now) {
            trial = broken
            actions += start(broken, now: now)
        }
        return actions
    }

    private mutating func proved(_ index: Int, now: UInt64) -> [Action] {
        guard trial == index, breaker.proved() else { return [] }
        trial = nil
        var actions = [Action.reportRecovery]
        for index in seats.indices where seats[index].phase == .broken {
            seats[index].crashes = 0
            actions += start(index, now: now)
        }
        return actions
    }

    private mutating func drain(now: UInt64) -> [Action] {
        guard !isDraining else { return [] }
        isDraining = true
        var actions: [Action] = []
        for index in seats.indices {
            switch seats[index].phase {
            case .starting: actions += kill(index)
            case .ready: actions += dismiss(index, now: now)
            case .backoff, .broken: seats[index].phase = .ended
            case .busy, .suspect, .dying, .leaving, .ended: break
            }
        }
        return actions + finish()
    }

    private mutating func start(_ index: Int, now: UInt64) -> [Action] {
        seats[index].phase = .starting(by: now + startTimeout)
        return [.start(index)]
    }

    private mutating func kill(_ index: Int) -> [Action] {
        seats[index].phase = .dying
        return [.kill(index)]
    }

    private mutating func dismiss(_ index: Int, now: UInt64) -> [Action] {
        seats[index].phase = .leaving(by: now + WorkerLimits.endGrace)
        return [.dismiss(index)]
    }

    private mutating func finish() -> [Action] {
        guard !isFinished, seats.allSatisfy({ $0.phase == .ended }) else { return [] }
        isFinished = true
        return [.finish]
    }
}
