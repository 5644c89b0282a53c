import CHost
import Core
import Foundation
import Synchronization

/// A command as a process: started, read to its end, and gone with all it started when `run` returns.
///
/// It has a thread of its own, because the kernel ends the process together with the thread that started it: a server that
/// is killed takes its tasks with it.
final class TaskProcess: Sendable {
    /// How a process ended.
    enum Ending: Sendable, Equatable {
        case exited(Int32)
        case signalled(Int32)
    }

    private struct State {
        /// Its id while it is not reaped.
        var process: pid_t?
        var isCancelled = false
        /// When it is killed, in monotonic nanoseconds.
        var killAt: UInt64?
    }

    private let start: ProcessStart
    private let marker: String
    private let grace: UInt64
    private let take: @Sendable (UnsafeRawBufferPointer, LogLine.Stream) -> Void
    private let state = Mutex(State())

    /// How long the thread sleeps at most where the kernel does not tell of an end.
    private static let nap: Int32 = 100
    /// How long what was written last is waited for after every process has been killed.
    private static let drainNanoseconds: UInt64 = 2_000_000_000

    /// - Parameters:
    ///   - start: the command.
    ///   - marker: is in the environment of all its processes.
    ///   - grace: how long it may take to end after SIGTERM.
    ///   - take: gets what it writes, on one thread.
    init(
        _ start: ProcessStart,
        marker: String,
        grace: Duration,
        take: @escaping @Sendable (UnsafeRawBufferPointer, LogLine.Stream) -> Void
    ) {
        self.start = start
        self.marker = marker
        self.grace = UInt64(max(grace, .zero) / .nanoseconds(1))
        self.take = take
    }

    /// Runs the command to its end; when the Swift task is cancelled it gets SIGTERM, and SIGKILL after the grace.
    ///
    /// - Throws: `ProcessStartFailure`, or `resourceExhausted` without descriptors.
    func run() async throws -> Ending {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let thread = Thread { continuation.resume(with: Result { try self.work() }) }
                thread.name = "martlet.task"
                thread.start()
            }
        } onCancel: {
            cancel()
        }
    }

    private func cancel() {
        state.withLock { state in
            state.isCancelled = true
            state.killAt = Clock.monotonicNanoseconds &+ grace
            // The number is its own until it is reaped, which happens under the same lock.
            if let process = state.process { kill(-process, SIGTERM) }
        }
    }

    private func work() throws -> Ending {
        var output: [Int32] = [-1, -1]
        var error: [Int32] = [-1, -1]
        guard martlet_output_pipe(&output) == 0 else { throw Self.exhausted }
        guard martlet_output_pipe(&error) == 0 else {
            for descriptor in output { close(descriptor) }
            throw Self.exhausted
        }
        defer {
            close(output[0])
            close(error[0])
            start.sandbox.controlGroup?.remove()
        }
        let process: pid_t
        do {
            defer {
                close(output[1])
                close(error[1])
            }
            process = try start.begin(output: output[1], error: error[1])
        }
        state.withLock { state in
            state.process = process
            if state.isCancelled { kill(-process, SIGTERM) }
        }
        let death = martlet_process_descriptor(process)
        defer { if death >= 0 { close(death) } }
        var streams = [pollfd(fd: output[0], events: Int16(POLLIN), revents: 0)]
        streams.append(pollfd(fd: error[0], events: Int16(POLLIN), revents: 0))
        if death >= 0 { streams.append(pollfd(fd: death, events: Int16(POLLIN), revents: 0)) }
        let ending = follow(process, &streams)
        start.sandbox.controlGroup?.kill()
        ProcessSweep.kill(marker: marker)
        drain(&streams)
        return ending
    }

    private static let exhausted = MartletError(
        .resourceExhausted,
        "A command cannot be started: the process has no free file descriptors."
    )

    /// Reads until the process has ended; what is left of its group is killed then.
    private func follow(_ process: pid_t, _ streams: inout [pollfd]) -> Ending {
        while true {
            _ = poll(&streams, nfds_t(streams.count), Self.nap)
            read(&streams)
            let ended = state.withLock { state -> Ending? in
                var status: Int32 = 0
                let reaped = martlet_reap_process(process, &status)
                if reaped == 0 {
                    if let moment = state.killAt, Clock.monotonicNanoseconds >= moment { kill(-process, SIGKILL) }
                    return nil
                }
                state.process = nil
                guard reaped == process else { return .signalled(SIGKILL) }
                let signal = martlet_ending_signal(status)
                return signal == 0 ? .exited(martlet_exit_status(status)) : .signalled(signal)
            }
            if let ended { return ended }
        }
    }

    /// Reads what is left in the pipes until their ends; all who could write have been killed.
    private func drain(_ streams: inout [pollfd]) {
        if streams.count > 2 { streams.removeLast() }
        let deadline = Clock.monotonicNanoseconds &+ Self.drainNanoseconds
        while streams.contains(where: { $0.fd >= 0 }), Clock.monotonicNanoseconds < deadline {
            _ = poll(&streams, nfds_t(streams.count), Self.nap)
            read(&streams)
        }
    }

    /// Reads what is there; a stream that has ended is watched no more.
    private func read(_ streams: inout [pollfd]) {
        withUnsafeTemporaryAllocation(byteCount: 64 * 1024, alignment: 16) { buffer in
            for (index, stream) in [LogLine.Stream.output, .error].enumerated() {
                guard streams[index].fd >= 0, streams[index].revents != 0 else { continue }
                streams[index].revents = 0
                let count = Foundation.read(streams[index].fd, buffer.baseAddress, buffer.count)
                if count > 0 {
                    take(UnsafeRawBufferPointer(rebasing: buffer[..<count]), stream)
                } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
                    // A negative descriptor is passed over by poll.
                    streams[index].fd = -1
                }
            }
        }
    }
}
