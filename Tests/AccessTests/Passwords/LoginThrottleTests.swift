import Access
import Core
import TestSupport
import Testing

/// How long the next log-in must wait.
@Suite struct LoginThrottleTests {
    private let start = Timestamp(milliseconds: 1_767_225_600_000)

    private func wait(_ verdict: LoginThrottle.Verdict) -> Int64 {
        if case .refused(let wait) = verdict { wait.wholeMilliseconds } else { 0 }
    }

    @Test func waitsDoubleForOnePair() {
        var throttle = LoginThrottle()
        var now = start
        var waits: [Int64] = []
        for _ in 0..<(IdentityLimits.freeFailures + 12) {
            let wait = wait(throttle.admit(name: "a", address: "1", now: now))
            guard wait > 0 else { continue }
            waits.append(wait / 1000)
            now = now + .milliseconds(wait)
            #expect(self.wait(throttle.admit(name: "a", address: "1", now: now)) == 0)
        }
        #expect(Array(waits.prefix(11)) == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, IdentityLimits.pairWaitSeconds])
    }

    @Test func refusalsDoNotCount() {
        var throttle = LoginThrottle()
        for _ in 0..<IdentityLimits.freeFailures {
            #expect(wait(throttle.admit(name: "a", address: "1", now: start)) == 0)
        }
        for _ in 0..<100 { #expect(wait(throttle.admit(name: "a", address: "1", now: start)) == 1000) }
        #expect(wait(throttle.admit(name: "a", address: "1", now: start + .milliseconds(400))) == 600)
        // A clock that was set back makes nobody wait longer.
        #expect(wait(throttle.admit(name: "a", address: "1", now: start - .seconds(3000))) == 1000)
    }

    @Test func aStrangerDoesNotLockTheOwnerOut() {
        var throttle = LoginThrottle()
        guard case .admitted(let owner) = throttle.admit(name: "a", address: "home", now: start) else {
            Issue.record("The first log-in was refused.")
            return
        }
        throttle.succeed(owner, now: start)
        var now = start
        for number in 0..<2000 {
            now = now + .milliseconds(wait(throttle.admit(name: "a", address: "bad-\(number)", now: now)))
            _ = throttle.admit(name: "a", address: "bad-\(number)", now: now)
        }
        // From home at once, from anywhere else within the longest wait of a name.
        #expect(wait(throttle.admit(name: "a", address: "home", now: now)) == 0)
        #expect(wait(throttle.admit(name: "a", address: "away", now: now)) <= IdentityLimits.nameWaitSeconds * 1000)
        // Other names are not touched.
        #expect(wait(throttle.admit(name: "b", address: "away", now: now)) == 0)
    }

    @Test func anAddressThatTriesManyNamesWaits() {
        var throttle = LoginThrottle()
        for number in 0..<IdentityLimits.addressFreeFailures {
            #expect(wait(throttle.admit(name: "n\(number)", address: "1", now: start)) == 0)
        }
        #expect(wait(throttle.admit(name: "fresh", address: "1", now: start)) > 0)
        #expect(wait(throttle.admit(name: "fresh", address: "2", now: start)) == 0)
        var now = start
        for number in 0..<50 {
            now = now + .milliseconds(wait(throttle.admit(name: "m\(number)", address: "1", now: now)))
            _ = throttle.admit(name: "m\(number)", address: "1", now: now)
        }
        #expect(wait(throttle.admit(name: "last", address: "1", now: now)) == IdentityLimits.addressWaitSeconds * 1000)
    }

    @Test func anOwnAccountDoesNotWipeFailuresAway() {
        var throttle = LoginThrottle()
        for number in 0..<(IdentityLimits.addressFreeFailures * 2) {
            if case .admitted(let own) = throttle.admit(name: "mallory", address: "1", now: start) {
                throttle.succeed(own, now: start)
            }
            _ = throttle.admit(name: "victim-\(number)", address: "1", now: start)
        }
        #expect(wait(throttle.admit(name: "victim", address: "1", now: start)) > 0)
    }

    @Test func failuresAreForgotten() {
        var throttle = LoginThrottle()
        for _ in 0..<IdentityLimits.freeFailures { _ = throttle.admit(name: "a", address: "1", now: start) }
        let later = start + .seconds(IdentityLimits.failureMemorySeconds)
        for _ in 0..<IdentityLimits.freeFailures {
            #expect(wait(throttle.admit(name: "a", address: "1", now: later)) == 0)
        }
        #expect(wait(throttle.admit(name: "a", address: "1", now: later)) == 1000)
    }

    @Test func whatWasNotLookedAtDoesNotCount() {
        var throttle = LoginThrottle()
        for _ in 0..<100 {
            guard case .admitted(let attempt) = throttle.admit(name: "a", address: "1", now: start) else {
                Issue.record("Refused though nothing had failed.")
                return
            }
            throttle.withdraw(attempt)
        }
        #expect(throttle.count == 0)
    }

    @Test func memoryIsBounded() {
        var throttle = LoginThrottle()
        var now = start
        for number in 0..<(IdentityLimits.rememberedFailures) {
            now = now + .milliseconds(1)
            let verdict = throttle.admit(name: "n\(number)", address: "a\(number)", now: now)
            if number.isMultiple(of: 2), case .admitted(let attempt) = verdict { throttle.succeed(attempt, now: now) }
        }
        #expect(throttle.count <= IdentityLimits.rememberedFailures + IdentityLimits.rememberedSuccesses)
    }

    @Test func addresses() {
        #expect(LoginAddress.key(nil) == "?")
        #expect(LoginAddress.key("192.0.2.1") == "192.0.2.1")
        #expect(LoginAddress.key("::ffff:192.0.2.1") == "192.0.2.1")
        #expect(LoginAddress.key("2001:db8:1:2:3:4:5:6") == LoginAddress.key("2001:db8:1:2::9%eth0"))
        #expect(LoginAddress.key("2001:db8:1:2::1") != LoginAddress.key("2001:db8:1:3::1"))
        #expect(LoginAddress.key("no address") == "no address")
    }
}
