/// The time and the waiting of everything that runs: injected, so that tests move it by hand.
package struct Clock: Sendable {
    private let currentTime: @Sendable () -> Timestamp
    private let pause: @Sendable (Duration) async throws -> Void

    /// Makes a clock from its two functions; tests use `ManualClock`.
    package init(
        now: @escaping @Sendable () -> Timestamp,
        sleep: @escaping @Sendable (Duration) async throws -> Void
    ) {
        currentTime = now
        pause = sleep
    }

    /// The present moment.
    package var now: Timestamp {
        currentTime()
    }

    /// Waits; throws `CancellationError` when the task is cancelled meanwhile.
    package func sleep(for duration: Duration) async throws {
        try await pause(duration)
    }

    /// The machine's wall clock.
    package static let system = Clock(
        now: {
            var time = timespec()
            clock_gettime(CLOCK_REALTIME, &time)
            return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
        },
        sleep: { try await Task.sleep(for: $0) }
    )

    /// Monotonic nanoseconds since an arbitrary start, for measuring how long something took.
    package static var monotonicNanoseconds: UInt64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
    }
}

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif
