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
        /// It was ended because it used too much.
        case breached(TaskWatch.Breach)
    }

    /// An end, and what was used until then.
    struct Result: Sendable {
        let ending: Ending
        let metrics: TaskMetrics
        /// Whether the kernel ended a process of it for want of memory.
        let ranOutOfMemory: Bool
    }

    private struct State {
        /// Its id while it is not reaped.
        var process: pid_t?
        var isCancelled = false
        /// When it is killed, in monotonic nanoseconds.
        var killAt: UInt64?
    }

    private let watch: TaskWatch
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
    ///   - watch: looks after what the kernel does not limit.
    ///   - grace: how long it may take to end after SIGTERM.
    ///   - take: gets what it writes, on one thread.
    init(
        _ start: ProcessStart,
        marker: String,
        watch: TaskWatch,
        grace: Duration,
        take: @escaping @Sendable (UnsafeRawBufferPointer, LogLine.Stream) -> Void
    ) {
        self.start = start
        self.marker = marker
        self.watch = watch
        self.grace = UInt64(max(grace, .zero) / .nanoseconds(1))
        self.take = take
    }

    /// Runs the command to its end; when the Swift task is cancelled it gets SIGTERM, and SIGKILL after the grace.
    ///
    /// - Throws: `ProcessStartFailure`, or `resourceExhausted` without descriptors.
    func run() async throws -> Result {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let thread = Thread { continuation.resume(with: Swift.Result { try self.work() }) }
                thread.name = "martlet.task"
                thread.start()
            }
        } onCancel: {
            cancel()
        }
    }

    /// Runs the command to its end also in a Swift task that was cancelled; for short commands that clean up.
    ///
    /// - Returns: how it ended; nil when it could not be started.
    func runUncancelled() async -> Result? {
        await withCheckedContinuation { continuation in
            let thread = Thread { continuation.resume(returning: try? self.work()) }
            thread.name = "martlet.task"
            thread.start()
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

    private func work() throws -> Result {
        let begin = Clock.monotonicNanoseconds
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
        var usage = martlet_process_usage()
        let ending = follow(process, &streams, &usage)
        end()
        drain(&streams)
        return Result(
            ending: ending,
            metrics: metrics(usage, since: begin),
            ranOutOfMemory: start.sandbox.controlGroup.map { $0.memoryKills > 0 } ?? false
        )
    }

    /// Ends whatever is left of the task.
    private func end() {
        let isGroupKilled = start.sandbox.controlGroup?.kill() ?? false
        // A process leaves its control group only by writing to the kernel's files, which rules for files refuse.
        if isGroupKilled, start.sandbox.files != nil { return }
        ProcessSweep.kill(marker: marker)
    }

    private func metrics(_ usage: martlet_process_usage, since begin: UInt64) -> TaskMetrics {
        let group = start.sandbox.controlGroup
        // The group also counts what the process did not wait for.
        let cpu = max(Int64(clamping: usage.cpu_microseconds), group?.processorMicroseconds ?? 0)
        return TaskMetrics(
            cpuSeconds: Double(cpu) / 1e6,
            peakMemoryBytes: group?.peakMemoryBytes ?? Int64(clamping: usage.peak_memory),
            readBytes: Int64(clamping: usage.read_bytes),
            writtenBytes: Int64(clamping: usage.written_bytes),
            wallSeconds: Double(Clock.monotonicNanoseconds &- begin) / 1e9
        )
    }

    private static let exhausted = MartletError(
        .resourceExhausted,
        "A command cannot be started: the process has no free file descriptors."
    )

    /// Reads until the process has ended; what is left of its group is killed then.
    private func follow(_ process: pid_t, _ streams: inout [pollfd], _ usage: inout martlet_process_usage) -> Ending {
        var watch = watch
        var breach: TaskWatch.Breach?
        while true {
            _ = poll(&streams, nfds_t(streams.count), Self.nap)
            read(&streams)
            if breach == nil, let found = watch.lookIfDue() {
                breach = found
                start.sandbox.controlGroup?.kill()
                kill(-process, SIGKILL)
            }
            let ended = state.withLock { state -> Ending? in
                var status: Int32 = 0
                let reaped = martlet_reap_measured(process, &status, &usage)
                if reaped == 0 {
                    if let moment = state.killAt, Clock.monotonicNanoseconds >= moment { kill(-process, SIGKILL) }
                    return nil
                }
                state.process = nil
                guard reaped == process else { return .signalled(SIGKILL) }
                let signal = martlet_ending_signal(status)
                return signal == 0 ? .exited(martlet_exit_status(status)) : .signalled(signal)
            }
            if let ended { return breach.map { .breached($0) } ?? ended }
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
