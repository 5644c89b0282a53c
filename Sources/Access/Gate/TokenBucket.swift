/// How often something may happen: so many times a second, and as many at once as a second gives.
package struct TokenBucket: Sendable, Equatable {
    /// How often a second.
    package let rate: Double
    /// How many at once after a pause.
    package let burst: Double
    private var tokens: Double
    private var last: UInt64

    /// A full bucket at a time in nanoseconds.
    package init(rate: Double, now: UInt64) {
        self.rate = rate
        burst = Swift.max(1, rate)
        tokens = burst
        last = now
    }

    /// Takes one; nil when there was one, else the seconds until there is.
    package mutating func take(now: UInt64) -> Double? {
        let elapsed = now > last ? Double(now - last) * 1e-9 : 0
        last = Swift.max(last, now)
        tokens = Swift.min(burst, tokens + elapsed * rate)
        guard tokens < 1 else {
            tokens -= 1
            return nil
        }
        return rate > 0 ? (1 - tokens) / rate : Double(AccessLimits.longestWaitSeconds)
    }
}
