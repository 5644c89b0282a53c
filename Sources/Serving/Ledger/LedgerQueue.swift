import Metrics
import Synchronization

/// The predictions that wait to be written: bounded, and appending never waits.
///
/// Loss policy: when `ServingLimits.ledgerQueueRows` rows wait, further rows are dropped, counted here and in
/// `martlet_ledger_dropped_total`, and the prediction itself is answered as usual.
final class LedgerQueue: Sendable {
    private struct State {
        /// What was appended since the taker last changed places.
        var arrived: [LedgerEntry] = []
        /// What is taken from, and how far it was: nothing is moved while requests wait for the lock.
        var leaving: [LedgerEntry] = []
        var taken = 0
        var rows = 0
        var weight = 0
        var dropped = 0
    }

    private let capacity: Int
    private let state = Mutex(State())
    private let droppedCounter = Counter(label: "martlet_ledger_dropped_total")
    private let signal: AsyncStream<Void>.Continuation
    /// Yields when the queue stops being empty.
    let arrivals: AsyncStream<Void>

    init(capacity: Int = ServingLimits.ledgerQueueRows) {
        self.capacity = capacity
        (arrivals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Rows that wait, and rows dropped since the start.
    var counts: (waiting: Int, dropped: Int) { state.withLock { ($0.rows, $0.dropped) } }

    /// Adds an entry, or drops it when the queue is full.
    func append(_ entry: LedgerEntry) {
        let (wasEmpty, dropped) = state.withLock { state -> (Bool, Bool) in
            let weight = entry.values.weight
            guard state.rows + entry.count <= capacity, state.weight + weight <= ServingLimits.ledgerQueueValues else {
                state.dropped += entry.count
                return (false, true)
            }
            state.arrived.append(entry)
            state.rows += entry.count
            state.weight += weight
            return (state.arrived.count == 1 && state.leaving.isEmpty, false)
        }
        if dropped { droppedCounter.increment(by: entry.count) }
        if wasEmpty { signal.yield() }
    }

    /// Takes entries from the front, about `rows` rows, at least one entry if there is any.
    func take(rows limit: Int) -> [LedgerEntry] {
        state.withLock { state in
            if state.leaving.isEmpty { swap(&state.leaving, &state.arrived) }
            var rows = 0
            var end = state.taken
            while end < state.leaving.count, end == state.taken || rows + state.leaving[end].count <= limit {
                rows += state.leaving[end].count
                state.weight -= state.leaving[end].values.weight
                end += 1
            }
            state.rows -= rows
            guard end < state.leaving.count || state.taken > 0 else {
                // The usual case: all that waited is one batch, and its memory goes with it.
                defer { state.leaving = [] }
                return state.leaving
            }
            let batch = Array(state.leaving[state.taken..<end])
            state.taken = end
            if end == state.leaving.count {
                state.leaving = []
                state.taken = 0
            }
            return batch
        }
    }
}
