import Core
import Storage
import Synchronization
import TestSupport
import Testing

/// Leading, following, taking over and being cut off, on a lock that the test moves by hand.
@Suite struct LeadershipTests {
    private final class Lock: LeaderLock {
        let isFree = Mutex(false)
        let isReachable = Mutex(true)
        let attempts = Mutex(0)
        let taken = Mutex(0)

        func acquire() throws(MartletError) -> Bool {
            attempts.withLock { $0 += 1 }
            guard isReachable.withLock({ $0 }) else { throw MartletError(.unavailable, "cut off") }
            return isFree.withLock { $0 }
        }

        func keep() throws(MartletError) -> Bool { try acquire() }

        func release() {}
    }

    private let lock = Lock()
    private let clock = ManualClock()

    /// Advances the clock once somebody sleeps on it, and waits until that has come of it.
    private func advance(_ seconds: Double) async {
        while clock.sleeperCount == 0 { try? await Task.sleep(for: .milliseconds(1)) }
        clock.advance(by: .seconds(seconds))
    }

    private func attempts(reach count: Int) async {
        while lock.attempts.withLock({ $0 }) < count { try? await Task.sleep(for: .milliseconds(1)) }
    }

    @Test func withoutALockTheProcessLeads() async throws {
        let leadership = Leadership(lock: nil)
        #expect(leadership.isLeader && !leadership.isShared)
        #expect(try await leadership.tryOnce())
        try await leadership.leading()
    }

    @Test func aFollowerTriesAgainAndTakesOver() async throws {
        let leadership = Leadership(lock: lock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await leadership.run(clock: clock.clock) { lock.taken.withLock { $0 += 1 } } }
            await attempts(reach: 1)
            #expect(!leadership.isLeader)
            lock.isFree.withLock { $0 = true }
            await advance(StorageLimits.leaderCheckSeconds)
            try await leadership.leading()
            #expect(leadership.isLeader)
            await attempts(reach: 2)
            // The lock is looked after from now on.
            await advance(StorageLimits.leaderCheckSeconds)
            await attempts(reach: 3)
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
        #expect(lock.taken.withLock { $0 } == 1)
    }

    @Test func aFollowerThatWasCutOffLetsTheLeaderComeFirst() async throws {
        let leadership = Leadership(lock: lock)
        lock.isReachable.withLock { $0 = false }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await leadership.run(clock: clock.clock) {} }
            await attempts(reach: 1)
            lock.isReachable.withLock { $0 = true }
            lock.isFree.withLock { $0 = true }
            await advance(StorageLimits.leaderGraceSeconds - 1)
            #expect(lock.attempts.withLock { $0 } == 1)
            #expect(!leadership.isLeader)
            await advance(1)
            try await leadership.leading()
            group.cancelAll()
            do { try await group.waitForAll() } catch is CancellationError {}
        }
    }

    @Test func aLeaderThatIsCutOffStaysAndOneThatWasReplacedStops() async throws {
        let leadership = Leadership(lock: lock)
        lock.isFree.withLock { $0 = true }
        #expect(try await leadership.tryOnce())
        lock.isReachable.withLock { $0 = false }
        let failure = await withTaskGroup(of: MartletError?.self) { group in
            group.addTask {
                do {
                    try await leadership.run(clock: clock.clock) { Issue.record("it led before") }
                    return nil
                } catch {
                    return MartletError.wrapping(error)
                }
            }
            await advance(StorageLimits.leaderCheckSeconds)
            await attempts(reach: 2)
            #expect(leadership.isLeader)
            lock.isReachable.withLock { $0 = true }
            lock.isFree.withLock { $0 = false }
            await advance(StorageLimits.leaderCheckSeconds)
            return await group.next() ?? nil
        }
        #expect(failure?.code == .unavailable)
        #expect(failure?.message.contains("become the leader") == true)
        #expect(!leadership.isLeader)
    }

    @Test func whoWaitsMayBeCancelled() async {
        let leadership = Leadership(lock: lock)
        await withTaskGroup(of: Bool.self) { group in
            group.addTask {
                do {
                    try await leadership.leading()
                    return false
                } catch {
                    return error is CancellationError
                }
            }
            group.cancelAll()
            #expect(await group.next() == true)
        }
    }
}
