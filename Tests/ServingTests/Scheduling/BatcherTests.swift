import Core
import Serving
import Testing

@Suite("Batcher")
struct BatcherTests {
    private static let millisecond: UInt64 = 1_000_000
    private static let key = BatchKey.rows(width: 1, outputs: nil, parameters: [:])
    private static let otherKey = BatchKey.rows(width: 2, outputs: nil, parameters: [:])

    private func batcher(
        concurrency: Int = 1,
        queue: Int = 8,
        rows: Int = 8,
        delay: UInt64 = 2_000_000
    ) -> Driven {
        Driven(BatchSettings(concurrency: concurrency, queue: queue, maximumRows: rows, maximumDelay: delay))
    }

    /// A batcher behind a reference, so that expectations may drive it.
    private final class Driven {
        private(set) var batcher: Batcher

        init(_ settings: BatchSettings) { batcher = Batcher(settings) }

        func begin(now: UInt64) -> Bool { batcher.begin(now: now) }

        func handle(_ event: Batcher.Event, now: UInt64) -> [Batcher.Action] { batcher.handle(event, now: now) }

        var outstanding: Int { batcher.outstanding }
        var isFull: Bool { batcher.isFull }
        var window: UInt64 { batcher.window }
        var queue: [Batcher.Call] { batcher.queue }
        var running: Int { batcher.running }
        var cost: BatchCost { batcher.cost }
    }

    private func call(_ id: Int, rows: Int = 1, key: BatchKey? = BatcherTests.key, deadline: UInt64? = nil)
        -> Batcher.Call
    {
        Batcher.Call(id: id, rows: rows, key: key, deadline: deadline)
    }

    private func finished(_ calls: Int, rows: Int? = nil, _ nanoseconds: UInt64 = 1000, failed: Bool = false)
        -> Batcher.Event
    {
        .finished(calls: calls, rows: rows ?? calls, nanoseconds: nanoseconds, failed: failed)
    }

    @Test("A lone call runs at once, one after the other, whatever came before")
    func lone() {
        let batcher = batcher()
        var now: UInt64 = 1000
        for id in 0..<50 {
            if id % 2 == 0 {
                #expect(batcher.begin(now: now))
            } else {
                #expect(batcher.handle(.arrived(call(id)), now: now) == [.run([id])])
            }
            now += Self.millisecond
            #expect(batcher.handle(finished(1, Self.millisecond), now: now).isEmpty)
        }
        #expect(batcher.outstanding == 0)
    }

    @Test("While the slot is taken calls wait, and leave together in their order")
    func joins() {
        let batcher = batcher()
        #expect(batcher.begin(now: 1))
        for id in 1...3 { #expect(batcher.handle(.arrived(call(id)), now: 2).isEmpty) }
        #expect(!batcher.begin(now: 3))
        #expect(batcher.outstanding == 4)
        #expect(batcher.handle(finished(1), now: 4_000_000) == [.run([1, 2, 3])])
        #expect(batcher.handle(finished(3), now: 9_000_000).isEmpty)
        #expect(batcher.outstanding == 0)
    }

    @Test("Rows are bounded, no request is split, and none overtakes another of its kind")
    func bounds() {
        let batcher = batcher(rows: 8)
        #expect(batcher.begin(now: 1))
        for (id, rows) in [(1, 5), (2, 4), (3, 1), (4, 20), (5, 3), (6, 5), (7, 1)] {
            #expect(batcher.handle(.arrived(call(id, rows: rows)), now: 2).isEmpty)
        }
        #expect(batcher.handle(finished(1), now: 9_000_000) == [.run([1])])
        #expect(batcher.handle(finished(1, rows: 5), now: 9_000_001) == [.run([2, 3])])
        #expect(batcher.handle(finished(2, rows: 5), now: 9_000_002) == [.run([4])])
        #expect(batcher.handle(finished(1, rows: 20), now: 9_000_003) == [.run([5, 6])])
        #expect(batcher.handle(finished(2, rows: 8), now: 19_000_003) == [.run([7])])
    }

    @Test("Only calls of one key are joined; those without a key run alone; the first in the queue always goes first")
    func keys() {
        let batcher = batcher()
        #expect(batcher.begin(now: 1))
        for (id, key) in [(1, Self.key), (2, nil), (3, Self.otherKey), (4, Self.key), (5, Self.otherKey)] {
            #expect(batcher.handle(.arrived(call(id, key: key)), now: 2).isEmpty)
        }
        #expect(batcher.handle(finished(1), now: 10_000_000) == [.run([1, 4])])
        #expect(batcher.handle(finished(2), now: 20_000_000) == [.run([2])])
        #expect(batcher.handle(finished(1), now: 30_000_000) == [.run([3, 5])])
    }

    @Test("A joined maximum of one row joins nothing")
    func unjoined() {
        let batcher = batcher(concurrency: 2, rows: 1)
        #expect(batcher.begin(now: 1))
        #expect(batcher.begin(now: 1))
        for id in 1...3 { #expect(batcher.handle(.arrived(call(id)), now: 2).isEmpty) }
        #expect(batcher.handle(finished(1), now: 3) == [.run([1])])
        #expect(batcher.handle(finished(1), now: 4) == [.run([2])])
        #expect(batcher.window == 0)
    }

    @Test("A full queue refuses at once; a place that becomes free is given away again")
    func full() {
        let batcher = batcher(queue: 2)
        #expect(batcher.begin(now: 1))
        #expect(!batcher.isFull)
        #expect(batcher.handle(.arrived(call(1)), now: 2).isEmpty)
        #expect(batcher.handle(.arrived(call(2)), now: 2).isEmpty)
        #expect(batcher.isFull)
        #expect(batcher.handle(.arrived(call(3)), now: 2) == [.refuse(3, .queueFull)])
        #expect(batcher.handle(.cancelled(1), now: 3).isEmpty)
        #expect(batcher.handle(.arrived(call(4)), now: 3).isEmpty)
        #expect(batcher.handle(.arrived(call(5)), now: 3) == [.refuse(5, .queueFull)])
        #expect(batcher.handle(finished(1), now: 9_000_000) == [.run([2, 4])])
    }

    @Test("Without places to wait, what finds no slot is refused")
    func noQueue() {
        let batcher = batcher(queue: 0)
        #expect(batcher.handle(.arrived(call(1)), now: 1) == [.run([1])])
        #expect(batcher.handle(.arrived(call(2)), now: 1) == [.refuse(2, .queueFull)])
        #expect(batcher.handle(finished(1), now: 2).isEmpty)
        #expect(batcher.handle(.arrived(call(3)), now: 3) == [.run([3])])
    }

    @Test("A waiting call leaves when its deadline has passed, without running")
    func deadlines() {
        let batcher = batcher()
        #expect(batcher.begin(now: 1))
        #expect(batcher.handle(.arrived(call(1, deadline: 100)), now: 2) == [.wake(100)])
        #expect(batcher.handle(.arrived(call(2, deadline: 50)), now: 3) == [.wake(50)])
        #expect(batcher.handle(.arrived(call(3)), now: 3).isEmpty)
        #expect(batcher.handle(.timer, now: 50) == [.expire(2), .wake(100)])
        #expect(batcher.handle(finished(1), now: 100) == [.expire(1), .run([3])])
        #expect(batcher.handle(.timer, now: 100).isEmpty)
    }

    @Test("A call that those before it would keep past its deadline is refused at once")
    func tooLate() {
        let batcher = batcher(queue: 100, rows: 1)
        for turn in 0..<10 {
            let now = UInt64(turn + 1) * 20_000_000
            #expect(batcher.begin(now: now))
            #expect(batcher.handle(finished(1, 10 * Self.millisecond), now: now + 10 * Self.millisecond).isEmpty)
        }
        let now: UInt64 = 1_000_000_000
        #expect(batcher.begin(now: now))
        for id in 0..<5 { _ = batcher.handle(.arrived(call(id, deadline: now + 500_000_000)), now: now) }
        #expect(batcher.queue.count == 5)
        let hopeless = call(6, deadline: now + 30 * Self.millisecond)
        #expect(batcher.handle(.arrived(hopeless), now: now) == [.refuse(6, .tooLate)])
        _ = batcher.handle(.arrived(call(7, deadline: now + 80 * Self.millisecond)), now: now)
        #expect(batcher.queue.last?.id == 7)
    }

    @Test("Under load a free slot is held open for those whose answers just went out, no longer than half a base cost")
    func window() {
        let batcher = batcher(queue: 100, rows: 100, delay: 2 * Self.millisecond)
        var now: UInt64 = 1_000_000
        // Sixteen callers, each of whom asks again 50 µs after its answer; a batch costs 1 ms whatever its size.
        #expect(batcher.begin(now: now))
        for id in 1..<16 {
            now += 1000
            _ = batcher.handle(.arrived(call(id)), now: now)
        }
        var sizes: [Int] = []
        var running = [0]
        for round in 1...40 {
            now += Self.millisecond
            var actions = batcher.handle(finished(running.count, Self.millisecond), now: now)
            let answered = running
            running = []
            for (position, id) in answered.enumerated() {
                now += position == 0 ? 50_000 : 1000
                actions += batcher.handle(.arrived(call(round * 100 + id % 100)), now: now)
            }
            if !actions.contains(where: { if case .run = $0 { true } else { false } }) {
                now += batcher.window
                actions += batcher.handle(.timer, now: now)
            }
            for case .run(let ids) in actions { running += ids }
            sizes.append(running.count)
        }
        #expect(sizes.suffix(10).allSatisfy { $0 == 16 }, "\(sizes)")
        #expect(batcher.window <= Self.millisecond / 2 + 1000)
    }

    @Test("Nobody waits for company when arrivals are further apart than the window")
    func quiet() {
        let batcher = batcher(concurrency: 2, rows: 100)
        var now: UInt64 = 1_000_000
        for id in 0..<30 {
            // Each call overlaps with the next, which comes 30 ms later.
            now += 30 * Self.millisecond
            #expect(batcher.handle(.arrived(call(id)), now: now) == [.run([id])])
            if id > 0 { #expect(batcher.handle(finished(1, 30 * Self.millisecond), now: now).isEmpty) }
        }
        #expect(batcher.window == 0)
    }

    @Test("A greatest delay of nothing never holds a slot open")
    func noDelay() {
        let batcher = batcher(delay: 0)
        #expect(batcher.begin(now: 1))
        for id in 1...3 { _ = batcher.handle(.arrived(call(id)), now: 2) }
        #expect(batcher.handle(finished(1), now: 3) == [.run([1, 2, 3])])
        #expect(batcher.handle(.arrived(call(4)), now: 4).isEmpty)
        #expect(batcher.handle(finished(3), now: 5) == [.run([4])])
    }

    @Test("Reports of calls that are not there change nothing")
    func strays() {
        let batcher = batcher()
        #expect(batcher.handle(finished(1), now: 1).isEmpty)
        #expect(batcher.handle(.cancelled(7), now: 2).isEmpty)
        #expect(batcher.handle(.timer, now: 3).isEmpty)
        #expect(batcher.outstanding == 0)
        #expect(batcher.cost.samples == 0)
    }

    @Test("Random traffic: every call ends once, none twice, bounds hold, order within a key is kept")
    func random() {
        for seed in 1...200 as ClosedRange<UInt64> {
            var generator = SeededGenerator(seed: seed)
            let concurrency = Int.random(in: 1...3, using: &generator)
            let limit = Int.random(in: 0...12, using: &generator)
            let maximum = Int.random(in: 1...10, using: &generator)
            let batcher = batcher(concurrency: concurrency, queue: limit, rows: maximum)
            var simulation = Simulation(maximum: maximum, concurrency: concurrency)
            var now: UInt64 = 1000
            for id in 0..<300 {
                now += UInt64.random(in: 0...800_000, using: &generator)
                switch Int.random(in: 0..<10, using: &generator) {
                case 0..<6:
                    let call = Batcher.Call(
                        id: id,
                        rows: Int.random(in: 1...6, using: &generator),
                        key: [Self.key, Self.otherKey, nil][Int.random(in: 0..<3, using: &generator)],
                        deadline: Bool.random(using: &generator)
                            ? now + UInt64.random(in: 1...3_000_000, using: &generator) : nil
                    )
                    simulation.calls[id] = call
                    simulation.waiting.insert(id)
                    simulation.take(batcher.handle(.arrived(call), now: now))
                case 6..<9:
                    guard let batch = simulation.running.popLast() else { continue }
                    let rows = batch.reduce(0) { $0 + (simulation.calls[$1]?.rows ?? 0) }
                    simulation.take(batcher.handle(finished(batch.count, rows: rows, 700_000), now: now))
                default:
                    if let gone = simulation.waiting.randomElement(using: &generator) {
                        simulation.waiting.remove(gone)
                        simulation.take(batcher.handle(.cancelled(gone), now: now))
                    }
                    simulation.take(batcher.handle(.timer, now: now))
                }
                #expect(batcher.queue.count == simulation.waiting.count)
                #expect(batcher.running == simulation.running.count)
            }
            while let batch = simulation.running.popLast() {
                now += 100_000_000
                simulation.take(batcher.handle(finished(batch.count), now: now))
                simulation.take(batcher.handle(.timer, now: now + 50_000_000))
            }
            simulation.take(batcher.handle(.timer, now: now + 100_000_000))
            while let batch = simulation.running.popLast() {
                now += 100_000_000
                simulation.take(batcher.handle(finished(batch.count), now: now))
            }
            #expect(batcher.outstanding == 0, "seed \(seed)")
            #expect(simulation.waiting.isEmpty, "seed \(seed)")
            #expect(simulation.faults.isEmpty, "seed \(seed): \(simulation.faults)")
        }
    }

    /// What a caller of the batcher sees.
    private struct Simulation {
        let maximum: Int
        let concurrency: Int
        var calls: [Int: Batcher.Call] = [:]
        var waiting: Set<Int> = []
        var running: [[Int]] = []
        var faults: [String] = []

        mutating func take(_ actions: [Batcher.Action]) {
            for action in actions {
                switch action {
                case .run(let ids):
                    let batch = ids.compactMap { calls[$0] }
                    for id in ids where waiting.remove(id) == nil { faults.append("\(id) ran but did not wait") }
                    if ids.sorted() != ids { faults.append("order of \(ids)") }
                    if batch.contains(where: { $0.key != batch.first?.key }) { faults.append("kinds in \(ids)") }
                    if ids.count > 1, batch.contains(where: { $0.key == nil }) { faults.append("no key in \(ids)") }
                    if ids.count > 1, batch.reduce(0, { $0 + $1.rows }) > maximum { faults.append("rows of \(ids)") }
                    let overtaken = waiting.contains { other in
                        guard let call = calls[other], let last = ids.last, call.key != nil else { return false }
                        return other < last && call.key == batch.first?.key
                    }
                    if overtaken { faults.append("\(ids) overtook") }
                    running.append(ids)
                    if running.count > concurrency { faults.append("too many batches") }
                case .refuse(let id, _), .expire(let id):
                    if waiting.remove(id) == nil { faults.append("\(id) ended twice") }
                case .wake: break
                }
            }
        }
    }
}
