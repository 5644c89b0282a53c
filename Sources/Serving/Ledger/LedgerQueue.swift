import Metrics
import Synchronization

/// The predictions that wait to be written: bounded, and appending never waits.
///
/// Loss policy: when `ServingLimits.ledgerQueueRows` rows wait, further rows are dropped, counted here and in
/// `martlet_ledger_dropped_total`, and the prediction itself is answered as usual.
final class LedgerQueue: Sendable {
    private struct State {
        var entries: [LedgerEntry] = []
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
            state.entries.append(entry)
            state.rows += entry.count
            state.weight += weight
            return (state.entries.count == 1, false)
        }
        if dropped { droppedCounter.increment(by: entry.count) }
        if wasEmpty { signal.yield() }
    }

    /// Takes entries from the front, about `rows` rows, at least one entry if there is any.
    func take(rows limit: Int) -> [LedgerEntry] {
        state.withLock { state in
            var taken = 0
            var end = 0
            while end < state.entries.count, end == 0 || taken + state.entries[end].count <= limit {
                taken += state.entries[end].count
                state.weight -= state.entries[end].values.weight
                end += 1
            }
            let batch = Array(state.entries[..<end])
            state.entries.removeSubrange(..<end)
            state.rows -= taken
            return batch
        }
    }
}
