/// Decides which calls of one model run, when, and which run together; it does nothing itself.
///
/// A call that comes while nothing else is about runs at once and alone. While every slot is taken, calls wait in the
/// order of their arrival, and those that fit together leave together. Under load a free slot may be held open for a
/// moment, so that those whose answers just went out can come back and share the next batch: never longer than half of
/// what a batch costs whatever its size, nor than the greatest delay allowed, nor when nobody is expected.
package struct Batcher: Sendable {
    /// A call that wants to run.
    package struct Call: Sendable, Equatable {
        /// Its number, given by the caller.
        package var id: Int
        /// Its rows.
        package var rows: Int
        /// Calls of equal keys may run together; nil runs alone.
        package var key: BatchKey?
        /// When it is of no use any more; nil for never.
        package var deadline: UInt64?
        /// When it came.
        package internal(set) var arrived: UInt64 = 0
        /// Whether it came when there was no room.
        var hadToWait = false

        /// Makes a call.
        package init(id: Int, rows: Int, key: BatchKey?, deadline: UInt64? = nil) {
            self.id = id
            self.rows = rows
            self.key = key
            self.deadline = deadline
        }
    }

    /// What happens.
    package enum Event: Sendable, Equatable {
        /// A call came.
        case arrived(Call)
        /// The caller of a waiting call has gone.
        case cancelled(Int)
        /// A batch of so many calls and rows ended after so many nanoseconds; one that failed says nothing about cost.
        case finished(calls: Int, rows: Int, nanoseconds: UInt64, failed: Bool)
        /// The time that was asked for has come.
        case timer
    }

    /// What shall be done.
    package enum Action: Sendable, Equatable {
        /// Run these calls as one batch, in this order.
        case run([Int])
        /// Turn a call away at once.
        case refuse(Int, Refusal)
        /// Give up a waiting call whose deadline has passed.
        case expire(Int)
        /// Report `timer` at this time.
        case wake(UInt64)
    }

    /// Why a call is turned away.
    package enum Refusal: String, Sendable, Equatable, CaseIterable {
        /// The queue is full.
        case queueFull = "queue_full"
        /// The calls before it will take longer than it can wait.
        case tooLate = "too_late"
    }

    let settings: BatchSettings
    /// What batches cost.
    package internal(set) var cost = BatchCost()
    /// Calls that wait, in the order of their arrival.
    package internal(set) var queue: [Call] = []
    /// Batches under way.
    package internal(set) var running = 0
    /// Calls under way.
    package internal(set) var runningCalls = 0
    var queuedRows = 0
    var lastFinished: UInt64 = 0
    var lastBatchCalls = 0
    var lastArrival: UInt64 = 0
    var meanGap: Double
    /// The most calls that were about at once lately: how many callers there seem to be.
    var population = 0
    var nextWake = UInt64.max
    var earliestDeadline = UInt64.max

    /// A batcher without calls.
    package init(_ settings: BatchSettings) {
        self.settings = settings
        meanGap = Double(settings.maximumDelay) * 10
    }

    /// Calls that wait or run.
    package var outstanding: Int { queue.count + runningCalls }

    /// Whether a further call would be turned away.
    package var isFull: Bool { queue.count >= settings.queue && running >= settings.concurrency }

    /// Takes a slot for one call that runs at once and alone; false when it has to ask as `arrived`.
    package mutating func begin(now: UInt64) -> Bool {
        guard queue.isEmpty, running < settings.concurrency, !isUnderLoad(now: now) else { return false }
        noteArrival(now)
        running += 1
        runningCalls += 1
        population = max(population, runningCalls)
        return true
    }

    /// What follows from an event.
    package mutating func handle(_ event: Event, now: UInt64) -> [Action] {
        var actions: [Action] = []
        switch event {
        case .arrived(let call):
            expire(now, &actions)
            noteArrival(now)
            if let refusal = refusal(of: call, now: now) {
                actions.append(.refuse(call.id, refusal))
                return actions
            }
            enqueue(call, now: now)
        case .cancelled(let id):
            guard let index = queue.firstIndex(where: { $0.id == id }) else { return [] }
            queuedRows -= queue[index].rows
            queue.remove(at: index)
        case .finished(let calls, let rows, let nanoseconds, let failed):
            // A caller that reports twice must not free another's slot.
            guard running > 0 else { return [] }
            population = max(outstanding, population - population / 8 - 1)
            running -= 1
            runningCalls = max(0, runningCalls - calls)
            lastFinished = now
            lastBatchCalls = calls
            if !failed { cost.record(rows: rows, nanoseconds: nanoseconds) }
            expire(now, &actions)
        case .timer:
            nextWake = .max
            expire(now, &actions)
        }
        dispatch(now: now, &actions)
        return actions
    }

    private mutating func enqueue(_ call: Call, now: UInt64) {
        var call = call
        call.arrived = now
        call.hadToWait = running >= settings.concurrency
        queue.append(call)
        queuedRows += call.rows
        population = max(population, outstanding)
        if let deadline = call.deadline { earliestDeadline = min(earliestDeadline, deadline) }
    }

    private mutating func noteArrival(_ now: UInt64) {
        // A long pause says no more than a short one: the next arrivals count.
        let gap = min(Double(now &- lastArrival), Double(settings.maximumDelay) * 10)
        if lastArrival > 0, now >= lastArrival { meanGap += (gap - meanGap) / 8 }
        lastArrival = now
    }

    private func refusal(of call: Call, now: UInt64) -> Refusal? {
        guard running >= settings.concurrency else { return nil }
        if queue.count >= settings.queue { return .queueFull }
        guard let deadline = call.deadline, cost.samples >= BatchSettings.trustedSamples, !queue.isEmpty else {
            return nil
        }
        let (base, perRow) = cost.line
        let batches = (queuedRows + settings.maximumRows - 1) / settings.maximumRows
        let wait = (base * Double(batches) + perRow * Double(queuedRows)) / Double(settings.concurrency)
        return Double(deadline) < Double(now) + wait ? .tooLate : nil
    }

    /// Gives up what waited past its deadline.
    private mutating func expire(_ now: UInt64, _ actions: inout [Action]) {
        guard now >= earliestDeadline else { return }
        earliestDeadline = .max
        queue.removeAll { call in
            guard let deadline = call.deadline else { return false }
            guard deadline <= now else {
                earliestDeadline = min(earliestDeadline, deadline)
                return false
            }
            queuedRows -= call.rows
            actions.append(.expire(call.id))
            return true
        }
    }
}
