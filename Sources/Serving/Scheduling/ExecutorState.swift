import Core
import Runtimes

/// What an executor keeps under its lock: the batcher, and who waits for what.
struct ExecutorState: Sendable {
    /// What a waiting call hears.
    enum Turn: Sendable {
        /// Run now, alone.
        case go
        /// It was run with others.
        case done(Execution)
    }

    /// A call that waits, or that runs with others.
    struct Waiter: Sendable {
        let id: Int
        let call: ModelCall
        let rows: Int
        let arrived: UInt64
        let continuation: CheckedContinuation<Turn, any Error>
    }

    /// What is to be done once the lock is released.
    enum Effect: Sendable {
        case resume(CheckedContinuation<Turn, any Error>, Turn)
        case fail(CheckedContinuation<Turn, any Error>, any Error)
        case refuse(CheckedContinuation<Turn, any Error>, ExecutorRefusal.Reason)
        /// Run calls together.
        case start(batch: Int, [Waiter])
        case wake(UInt64)
        /// Nobody waits for this any more.
        case abandon(Task<Void, Never>)
    }

    /// Calls that run together, and who still waits for their answers.
    struct Shared: Sendable {
        var waiters: [Int: Waiter]
        var task: Task<Void, Never>?
    }

    var batcher: Batcher
    private var waiting: [Int: Waiter] = [:]
    private var shared: [Int: Shared] = [:]
    private var batches = 0
    /// Whether calls are joined: not once the model answered a joined call with another number of rows.
    var joins = true
    /// When the timer rings.
    var armed = UInt64.max
    var timer: Task<Void, Never>?

    init(_ batcher: Batcher) { self.batcher = batcher }

    mutating func add(_ waiter: Waiter, now: UInt64) -> [Effect] {
        waiting[waiter.id] = waiter
        let key = joins && batcher.settings.maximumRows > 1 ? BatchKey(waiter.call, rows: waiter.rows) : nil
        return handle(
            .arrived(Batcher.Call(id: waiter.id, rows: waiter.rows, key: key, deadline: waiter.call.deadline)),
            now: now
        )
    }

    mutating func handle(_ event: Batcher.Event, now: UInt64) -> [Effect] {
        var effects: [Effect] = []
        for action in batcher.handle(event, now: now) {
            switch action {
            case .run(let ids):
                let members = ids.compactMap { waiting.removeValue(forKey: $0) }
                if members.count == 1, let only = members.first {
                    effects.append(.resume(only.continuation, .go))
                } else {
                    batches += 1
                    shared[batches] = Shared(waiters: Dictionary(members.map { ($0.id, $0) }) { first, _ in first })
                    effects.append(.start(batch: batches, members))
                    if let first = members.compactMap(\.call.deadline).min() { effects.append(.wake(first)) }
                }
            case .refuse(let id, let refusal):
                guard let waiter = waiting.removeValue(forKey: id) else { continue }
                effects.append(.refuse(waiter.continuation, refusal == .queueFull ? .queueFull : .tooLate))
            case .expire(let id):
                guard let waiter = waiting.removeValue(forKey: id) else { continue }
                effects.append(.refuse(waiter.continuation, .deadline))
            case .wake(let time): effects.append(.wake(time))
            }
        }
        return effects
    }

    mutating func cancel(_ id: Int, now: UInt64) -> [Effect] {
        if let waiter = waiting.removeValue(forKey: id) {
            return [.refuse(waiter.continuation, .cancelled)] + handle(.cancelled(id), now: now)
        }
        for batch in shared.keys {
            guard let waiter = shared[batch]?.waiters.removeValue(forKey: id) else { continue }
            var effects: [Effect] = [.refuse(waiter.continuation, .cancelled)]
            if shared[batch]?.waiters.isEmpty == true, let task = shared[batch]?.task { effects.append(.abandon(task)) }
            return effects
        }
        return []
    }

    /// What the timer leads to: deadlines of calls that run with others, and whatever the batcher waited for.
    mutating func tick(now: UInt64) -> [Effect] {
        armed = .max
        var effects: [Effect] = []
        var next = UInt64.max
        for batch in shared.keys {
            for waiter in (shared[batch]?.waiters ?? [:]).values {
                guard let deadline = waiter.call.deadline else { continue }
                if deadline <= now {
                    shared[batch]?.waiters[waiter.id] = nil
                    effects.append(.refuse(waiter.continuation, .deadline))
                } else {
                    next = min(next, deadline)
                }
            }
        }
        if next < .max { effects.append(.wake(next)) }
        return effects + handle(.timer, now: now)
    }

    /// Remembers what runs a batch.
    mutating func adopt(_ task: Task<Void, Never>, batch: Int) {
        shared[batch]?.task = task
    }

    /// Who still waits for a member of a batch.
    func isAwaited(_ id: Int, batch: Int) -> Bool { shared[batch]?.waiters[id] != nil }

    /// Takes the waiter for a member's answer, if there still is one.
    mutating func take(_ id: Int, batch: Int) -> Waiter? { shared[batch]?.waiters.removeValue(forKey: id) }

    mutating func end(batch: Int) { shared[batch] = nil }
}
