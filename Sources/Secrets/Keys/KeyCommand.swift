import Core
import Foundation

/// Runs the command that prints the keys, for keys that lie in a key management service.
enum KeyCommand {
    /// What a command of the shell prints on its standard output.
    ///
    /// It runs as the server with the server's environment, because that is how such commands find their credentials. What
    /// it writes to standard error is not shown, in case it repeats the key.
    ///
    /// - Throws: `failedPrecondition` if it fails, takes too long or prints too much.
    static func output(
        of command: String,
        time: Duration = SecretsLimits.keyCommandTime
    ) throws(MartletError) -> String {
        var pipe: [Int32] = [-1, -1]
        let nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC)
        guard nowhere >= 0, Foundation.pipe(&pipe) == 0 else {
            if nowhere >= 0 { close(nowhere) }
            throw MartletError(.resourceExhausted, "The key command cannot be started: no free file descriptors.")
        }
        for descriptor in pipe { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        defer { close(pipe[0]) }
        let process: pid_t
        do {
            process = try ProcessStart(
                program: "/bin/sh",
                words: ["sh", "-c", command],
                environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
                directory: "/",
                sandbox: Sandbox()
            ).begin(output: pipe[1], error: nowhere)
            close(pipe[1])
            close(nowhere)
        } catch {
            close(pipe[1])
            close(nowhere)
            throw MartletError(.failedPrecondition, "The key command cannot be started (\(error)).")
        }
        let deadline = Clock.monotonicNanoseconds + UInt64(time / .nanoseconds(1))
        let output = read(pipe[0], until: deadline)
        if output == nil { kill(-process, SIGKILL) }
        guard let status = wait(process, until: deadline), let output else {
            throw MartletError(
                .failedPrecondition,
                "The key command did not end within \(time.components.seconds) s, or printed more than"
                    + " \(SecretsLimits.keyTextBytes) bytes."
            )
        }
        guard status == 0 else {
            throw MartletError(
                .failedPrecondition,
                "The key command failed (status \(status)); run it by hand to see why."
            )
        }
        return String(decoding: output, as: UTF8.self)
    }

    /// The bytes until the end; nil when they are too many or too late.
    private static func read(_ descriptor: Int32, until deadline: UInt64) -> [UInt8]? {
        var all: [UInt8] = []
        var block = [UInt8](repeating: 0, count: 1024)
        while true {
            let now = Clock.monotonicNanoseconds
            guard now < deadline else { return nil }
            var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
            let ready = poll(&waiting, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1))
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return nil }
            let count = Foundation.read(descriptor, &block, block.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return all }
            all += block[..<count]
            guard all.count <= SecretsLimits.keyTextBytes else { return nil }
        }
    }

    /// The status of the ended process; nil when it had to be ended.
    ///
    /// None of its processes is left then.
    private static func wait(_ process: pid_t, until deadline: UInt64) -> Int32? {
        var isLate = false
        while true {
            var status: Int32 = 0
            let ended = waitpid(process, &status, WNOHANG)
            if ended == process || (ended < 0 && errno != EINTR) {
                kill(-process, SIGKILL)
                guard ended == process, !isLate else { return nil }
                return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
            }
            if Clock.monotonicNanoseconds >= deadline {
                isLate = true
                kill(-process, SIGKILL)
            }
            usleep(2000)
        }
    }
}
