import Core
import Ledger
import Metrics
import Synchronization

/// The predictions that wait to be written: bounded, and appending never waits.
///
/// Loss policy: when `ServingLimits.ledgerQueueRows` rows wait, further rows are dropped, counted here and in
/// `martlet_ledger_dropped_total`, and the prediction itself is answered as usual. What is not kept because only a sample
/// is, is counted by hour and takes no room.
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
        var unkept: [UnkeptKey: LedgerHour] = [:]
    }

    private struct UnkeptKey: Hashable {
        let served: ObjectIdentifier
        let arm: LedgerArm
        let hour: Int64
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

    /// Whether there is anything to write.
    var isEmpty: Bool { state.withLock { $0.rows == 0 && $0.unkept.isEmpty } }

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

    /// Counts an entry whose rows are not kept.
    func count(_ entry: LedgerEntry) {
        let milliseconds = entry.milliseconds
        let rest = milliseconds % 3_600_000
        let hour = milliseconds - (rest < 0 ? rest + 3_600_000 : rest)
        let key = UnkeptKey(served: ObjectIdentifier(entry.served), arm: entry.arm, hour: hour)
        let wasEmpty = state.withLock { state -> Bool in
            let isFirst = state.unkept.isEmpty
            state.unkept[
                key,
                default: LedgerHour(
                    deployment: entry.served.deployment,
                    version: entry.served.version,
                    hour: Timestamp(milliseconds: hour),
                    arm: entry.arm
                )
            ].count(rows: entry.count, microseconds: Int64(clamping: entry.nanoseconds / 1000), drift: entry.drift)
            return isFirst && state.rows == 0
        }
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

    /// Takes the counts of what is not kept.
    func takeUnkept() -> [LedgerHour] {
        state.withLock { state in
            defer { state.unkept = [:] }
            return Array(state.unkept.values)
        }
    }

    /// Gives up what waits, and counts it as dropped.
    ///
    /// - Returns: how many rows that were.
    func abandon() -> Int {
        let lost = state.withLock { state -> Int in
            let rows = state.rows
            (state.arrived, state.leaving, state.taken, state.rows, state.weight) = ([], [], 0, 0, 0)
            state.dropped += rows
            return rows
        }
        if lost > 0 { droppedCounter.increment(by: lost) }
        return lost
    }

    /// Puts back what could not be written, before everything that has come since; what does not fit is dropped and
    /// counted, the newest first.
    func putBack(_ batch: [LedgerEntry], unkept: [LedgerHour]) {
        let dropped = state.withLock { state -> Int in
            state.leaving = batch + state.leaving.dropFirst(state.taken)
            state.taken = 0
            for entry in batch {
                state.rows += entry.count
                state.weight += entry.values.weight
            }
            for hour in unkept {
                // A key of its own: it is written with the others and only then added up.
                let key = UnkeptKey(
                    served: ObjectIdentifier(Self.self),
                    arm: LedgerArm(rawValue: "\(hour.deployment)/\(hour.version)/\(hour.arm.rawValue)"),
                    hour: hour.hour.milliseconds
                )
                if state.unkept[key] == nil { state.unkept[key] = hour } else { state.unkept[key]?.add(hour) }
            }
            var dropped = 0
            while state.rows > capacity, let last = state.arrived.popLast() ?? state.leaving.popLast() {
                state.rows -= last.count
                state.weight -= last.values.weight
                dropped += last.count
            }
            state.dropped += dropped
            return dropped
        }
        if dropped > 0 { droppedCounter.increment(by: dropped) }
    }
}
