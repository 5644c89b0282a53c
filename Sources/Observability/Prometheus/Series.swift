import CoreMetrics
import Synchronization

/// A counter of whole events: one atomic addition per increment.
///
/// Amounts below zero are ignored, since a counter must not fall.
final class WholeCounter: CounterHandler {
    private let count = Atomic<Int64>(0)

    var value: Double {
        Double(count.load(ordering: .relaxed))
    }

    func increment(by amount: Int64) {
        guard amount > 0 else { return }
        count.wrappingAdd(amount, ordering: .relaxed)
    }

    func reset() {
        count.store(0, ordering: .relaxed)
    }
}

/// A counter of amounts, such as seconds of processor time.
///
/// Amounts below zero and those that are not finite are ignored, since a counter must not fall.
final class FractionCounter: FloatingPointCounterHandler {
    private let bits = Atomic<UInt64>(0)

    var value: Double {
        Double(bitPattern: bits.load(ordering: .relaxed))
    }

    func increment(by amount: Double) {
        guard amount > 0, amount.isFinite else { return }
        bits.add(amount)
    }

    func reset() {
        bits.store(0, ordering: .relaxed)
    }
}

/// A value that goes up and down; the last one written is shown.
final class Gauge: MeterHandler, RecorderHandler {
    private let bits = Atomic<UInt64>(0)

    var value: Double {
        Double(bitPattern: bits.load(ordering: .relaxed))
    }

    func set(_ value: Int64) {
        set(Double(value))
    }

    func set(_ value: Double) {
        bits.store(value.bitPattern, ordering: .relaxed)
    }

    func increment(by amount: Double) {
        bits.add(amount)
    }

    func decrement(by amount: Double) {
        bits.add(-amount)
    }

    func record(_ value: Int64) {
        set(value)
    }

    func record(_ value: Double) {
        set(value)
    }
}

extension Atomic<UInt64> {
    /// Adds to the floating-point number that the bits stand for.
    fileprivate borrowing func add(_ amount: Double) {
        var current = load(ordering: .relaxed)
        while true {
            let sum = (Double(bitPattern: current) + amount).bitPattern
            let (exchanged, original) = weakCompareExchange(expected: current, desired: sum, ordering: .relaxed)
            if exchanged { return }
            current = original
        }
    }
}

/// A distribution over fixed buckets: one short lock and no allocation per observation.
final class Histogram: TimerHandler, RecorderHandler {
    /// What a scrape reads, consistent in itself.
    struct Snapshot {
        /// Observations per bucket, the last one above every bound.
        var counts: [UInt64]
        var sum: Double
    }

    let bounds: [Double]
    private let state: Mutex<Snapshot>

    init(bounds: [Double]) {
        self.bounds = bounds
        state = Mutex(Snapshot(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    var snapshot: Snapshot {
        state.withLock { $0 }
    }

    /// Counts one observation; NaN is ignored, because no bucket holds it.
    func observe(_ value: Double) {
        guard !value.isNaN else { return }
        var position = 0
        while position < bounds.count, value > bounds[position] { position += 1 }
        state.withLock { state in
            state.counts[position] &+= 1
            state.sum += value
        }
    }

    func recordNanoseconds(_ duration: Int64) {
        observe(Double(duration) * 1e-9)
    }

    func record(_ value: Int64) {
        observe(Double(value))
    }

    func record(_ value: Double) {
        observe(value)
    }
}
