import CHost
import Core

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// A worker's process and its descriptors.
///
/// One thread owns it; others only send over `channel`, under the pool's lock.
struct WorkerProcess {
    /// What a connection brought.
    enum Received {
        /// Messages, perhaps none yet.
        case frames([WorkerFrame])
        /// The other side has closed it.
        case end
        /// Something that is no message.
        case violation(WorkerProtocolError)
    }

    /// The process's id, which is also that of its group.
    let id: pid_t
    /// The connection.
    let channel: Int32
    /// Where its output is read; -1 after its end.
    private(set) var output: Int32
    /// Becomes readable when the process ends; -1 where the kernel has no such thing.
    let death: Int32
    /// When it was started, in monotonic nanoseconds.
    let startedAt: UInt64
    /// Whether the connection can still bring something.
    private(set) var isConnected = true
    private var reader = WorkerFrameReader()
    private var log = WorkerLog()

    /// Starts a process and tells it the model's path.
    ///
    /// - Throws: `failedPrecondition` when the interpreter cannot be run, `resourceExhausted` without descriptors.
    init(_ command: WorkerCommand) throws(MartletError) {
        var sockets: [Int32] = [-1, -1]
        var pipe: [Int32] = [-1, -1]
        guard martlet_socket_pair(&sockets) == 0 else { throw Self.exhausted }
        guard martlet_output_pipe(&pipe) == 0 else {
            for socket in sockets { close(socket) }
            throw Self.exhausted
        }
        let started: pid_t
        do {
            started = try command.start.begin(output: pipe[1], channel: sockets[1])
            close(sockets[1])
            close(pipe[1])
        } catch {
            for descriptor in sockets + pipe { close(descriptor) }
            let what = error.concernsProgram ? "Python interpreter cannot be run" : "worker cannot be started"
            throw MartletError(.failedPrecondition, "The model's \(what): \(error).")
        }
        id = started
        channel = sockets[0]
        output = pipe[0]
        death = max(martlet_process_descriptor(started), -1)
        startedAt = Clock.monotonicNanoseconds
        let header = JSONValue.object(["path": .string(command.model)]).serialized()
        let load = WorkerFrame(.load, id: 0, header: header).encoded
        // A fresh connection has room for a path. If the process is gone already, its end tells.
        _ = load.withUnsafeBytes { martlet_send_some(sockets[0], $0.baseAddress, $0.count) }
    }

    private static let exhausted = MartletError(
        .resourceExhausted,
        "A worker cannot be started: the process has no free file descriptors."
    )

    /// Reads what the connection brought.
    mutating func receive(_ buffer: UnsafeMutableRawBufferPointer) -> Received {
        var frames: [WorkerFrame] = []
        // A bounded share at a time, so that one worker's long answer does not hold up the others.
        for _ in 0..<8 {
            let count = martlet_receive_some(channel, buffer.baseAddress, buffer.count)
            if count == -Int(EAGAIN) { return .frames(frames) }
            guard count > 0 else {
                isConnected = false
                return frames.isEmpty ? .end : .frames(frames)
            }
            do {
                frames += try reader.take(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            } catch {
                isConnected = false
                return .violation(error)
            }
        }
        return .frames(frames)
    }

    /// Reads what the process wrote, as lines for the log.
    mutating func readOutput(_ buffer: UnsafeMutableRawBufferPointer) -> [String] {
        var lines: [String] = []
        for _ in 0..<8 where output >= 0 {
            let count = read(output, buffer.baseAddress, buffer.count)
            if count > 0 {
                lines += log.take(
                    UnsafeRawBufferPointer(rebasing: buffer[..<count]),
                    now: Clock.monotonicNanoseconds
                )
            } else if count == 0 {
                closeOutput()
            } else if errno != EINTR {
                if errno != EAGAIN { closeOutput() }
                break
            }
        }
        return lines
    }

    private mutating func closeOutput() {
        close(output)
        output = -1
    }

    /// The last lines of output.
    var tail: [String] { log.tail }

    /// The lines that were not complete.
    mutating func lastLines() -> [String] {
        log.rest(now: Clock.monotonicNanoseconds)
    }

    /// Ends the process and all that it started in its group.
    func kill() {
        // The number cannot have passed to another process: the process is not reaped before `reap` says so.
        _ = sendSignal(-id, SIGKILL)
        _ = sendSignal(id, SIGKILL)
    }

    /// How the process ended; nil while it runs.
    func reap() -> String? {
        var status: Int32 = 0
        let reaped = martlet_reap_process(id, &status)
        guard reaped != 0 else { return nil }
        guard reaped == id else { return "in an unknown way" }
        let signal = martlet_ending_signal(status)
        return signal == 0 ? "with status \(martlet_exit_status(status))" : "by signal \(signal)"
    }

    /// Whether the system says that the process is stopped; false where it does not tell.
    var isStopped: Bool {
        let descriptor = open("/proc/\(id)/stat", O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = read(descriptor, &bytes, bytes.count)
        // The name in parentheses may hold anything; the state follows the last one.
        guard count > 0, let end = bytes[..<count].lastIndex(of: UInt8(ascii: ")")), end + 2 < count else {
            return false
        }
        return bytes[end + 2] == UInt8(ascii: "T") || bytes[end + 2] == UInt8(ascii: "t")
    }

    /// Closes every descriptor.
    mutating func closeAll() {
        close(channel)
        if output >= 0 { closeOutput() }
        if death >= 0 { close(death) }
        isConnected = false
    }
}

/// `kill(2)`, which `WorkerProcess.kill` would hide.
private func sendSignal(_ process: pid_t, _ signal: Int32) -> Int32 {
    kill(process, signal)
}
