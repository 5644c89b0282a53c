import Runtimes
import Testing

/// When starts stop, and when they are tried again.
struct CircuitBreakerTests {
    private let second: UInt64 = 1_000_000_000

    @Test("Five crashes within a minute open it; four, or five over a longer time, do not")
    func opens() {
        var breaker = CircuitBreaker()
        for crash in 1..<WorkerLimits.crashes { #expect(breaker.crashed(now: UInt64(crash) * second) == false) }
        #expect(breaker.state == .closed)
        #expect(breaker.crashed(now: 10 * second) == true)
        #expect(breaker.state == .open(until: 10 * second + WorkerLimits.firstPause))

        var slow = CircuitBreaker()
        for crash in 0..<20 {
            let now = UInt64(crash) * WorkerLimits.crashWindow / UInt64(WorkerLimits.crashes - 1)
            #expect(slow.crashed(now: now) == false)
        }
    }

    @Test("A crash exactly when the window ends does not count with the first")
    func window() {
        var breaker = CircuitBreaker()
        for _ in 1..<WorkerLimits.crashes { #expect(breaker.crashed(now: 0) == false) }
        var edge = breaker
        #expect(edge.crashed(now: WorkerLimits.crashWindow - 1) == true)
        #expect(breaker.crashed(now: WorkerLimits.crashWindow) == false)
    }

    @Test("One trial after the pause; a failed one doubles the pause up to its limit, a good one closes")
    func trial() {
        var breaker = CircuitBreaker()
        for _ in 0..<WorkerLimits.crashes { _ = breaker.crashed(now: 0) }
        #expect(breaker.mayTry(now: WorkerLimits.firstPause - 1) == false)
        var now = WorkerLimits.firstPause
        var pause = WorkerLimits.firstPause
        for _ in 0..<6 {
            #expect(breaker.mayTry(now: now) == true)
            #expect(breaker.state == .halfOpen)
            #expect(breaker.mayTry(now: now) == false, "one trial at a time")
            #expect(breaker.crashed(now: now) == true)
            pause = min(pause * 2, WorkerLimits.longestPause)
            #expect(breaker.state == .open(until: now + pause))
            now += pause
        }
        #expect(pause == WorkerLimits.longestPause)
        #expect(breaker.mayTry(now: now) == true)
        #expect(breaker.proved() == true)
        #expect(breaker.state == .closed)
        #expect(breaker.proved() == false)
        #expect(breaker.mayTry(now: .max) == false)
        for _ in 0..<WorkerLimits.crashes { _ = breaker.crashed(now: now) }
        #expect(breaker.state == .open(until: now + WorkerLimits.firstPause), "the pause starts small again")
    }

    @Test("While open, further crashes change nothing")
    func openCrash() {
        var breaker = CircuitBreaker()
        for _ in 0..<WorkerLimits.crashes { _ = breaker.crashed(now: 0) }
        #expect(breaker.crashed(now: second) == false)
        #expect(breaker.state == .open(until: WorkerLimits.firstPause))
    }
}
