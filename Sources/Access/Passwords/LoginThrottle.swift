package import Core

/// How long the next log-in must wait after failures; a value without a clock.
///
/// Failures are counted for the pair of name and address, for the address, and for the name. The waits double with
/// each failure up to an end that differs: a stranger who guesses at a name from many addresses makes its owner wait
/// for seconds at most, and not at all where the owner has logged in before.
package struct LoginThrottle: Sendable {
    /// What failures are counted for.
    enum Key: Hashable, Sendable {
        case pair(name: String, address: String)
        case address(String)
        case name(String)

        var free: Int {
            switch self {
            case .pair: IdentityLimits.freeFailures
            case .address: IdentityLimits.addressFreeFailures
            case .name: IdentityLimits.nameFreeFailures
            }
        }

        var longestWait: Int64 {
            switch self {
            case .pair: IdentityLimits.pairWaitSeconds
            case .address: IdentityLimits.addressWaitSeconds
            case .name: IdentityLimits.nameWaitSeconds
            }
        }
    }

    /// A log-in that may go on; it counts as failed until it is told otherwise, so that many at once gain nothing.
    package struct Attempt: Sendable, Equatable {
        let name: String
        let address: String

        var pair: Key { .pair(name: name, address: address) }
        var keys: [Key] { [pair, .address(address), .name(name)] }
    }

    /// Whether a log-in may go on.
    package enum Verdict: Sendable, Equatable {
        /// It may.
        case admitted(Attempt)
        /// It must wait so long.
        case refused(Duration)
    }

    private struct Record {
        var failures: Int
        var last: Timestamp
    }

    private var records: [Key: Record] = [:]
    /// Pairs of name and address that have logged in before.
    private var familiar: [Key: Timestamp] = [:]

    /// Nothing has failed yet.
    package init() {}

    /// How many keys are remembered.
    package var count: Int { records.count + familiar.count }

    /// Whether a log-in may go on now, or how long it must wait.
    package mutating func admit(name: String, address: String, now: Timestamp) -> Verdict {
        let attempt = Attempt(name: name, address: address)
        let isFamiliar = familiar[attempt.pair] != nil
        var longest = Duration.zero
        for key in isFamiliar ? [attempt.pair] : attempt.keys {
            longest = max(longest, wait(for: key, now: now))
        }
        guard longest == .zero else { return .refused(longest) }
        makeRoom(now: now)
        for key in attempt.keys {
            let failures = isForgotten(key, now: now) ? 0 : records[key]?.failures ?? 0
            records[key] = Record(failures: failures + 1, last: now)
        }
        return .admitted(attempt)
    }

    /// The password was right.
    package mutating func succeed(_ attempt: Attempt, now: Timestamp) {
        withdraw(attempt)
        // Only the pair begins anew: with an account of one's own, the failures at other names must not be wiped away.
        records[attempt.pair] = nil
        familiar[attempt.pair] = now
    }

    /// Nothing came of it: the password was not looked at.
    package mutating func withdraw(_ attempt: Attempt) {
        for key in attempt.keys {
            guard var record = records[key] else { continue }
            record.failures -= 1
            records[key] = record.failures > 0 ? record : nil
        }
    }

    private func isForgotten(_ key: Key, now: Timestamp) -> Bool {
        guard let record = records[key] else { return true }
        return now - record.last >= .seconds(IdentityLimits.failureMemorySeconds)
    }

    private func wait(for key: Key, now: Timestamp) -> Duration {
        guard let record = records[key], !isForgotten(key, now: now), record.failures >= key.free else { return .zero }
        let doublings = min(record.failures - key.free, 20)
        let wait = Duration.seconds(min(Int64(1) << Int64(doublings), key.longestWait))
        // A clock that was set back must not make anybody wait longer.
        let passed = max(.zero, now - record.last)
        return max(.zero, wait - passed)
    }

    private mutating func makeRoom(now: Timestamp) {
        if records.count + 3 > IdentityLimits.rememberedFailures {
            records = records.filter { now - $0.value.last < .seconds(IdentityLimits.failureMemorySeconds) }
            if records.count + 3 > IdentityLimits.rememberedFailures {
                let oldest = records.sorted { $0.value.last < $1.value.last }.prefix(records.count / 4)
                for (key, _) in oldest { records[key] = nil }
            }
        }
        if familiar.count >= IdentityLimits.rememberedSuccesses {
            let oldest = familiar.sorted { $0.value < $1.value }.prefix(familiar.count / 4)
            for (key, _) in oldest { familiar[key] = nil }
        }
    }
}
