import Synchronization

/// What a command writes, as lines without the values of secrets.
final class CommandOutput: Sendable {
    private struct Part {
        var mask: SecretMask?
        var splitter = LineSplitter()

        mutating func take(_ bytes: UnsafeRawBufferPointer) -> [String] {
            guard let shown = mask?.take(bytes) else { return splitter.take(bytes) }
            return shown.withUnsafeBytes { splitter.take($0) }
        }

        mutating func finish() -> [String] {
            var lines: [String] = []
            if let rest = mask?.finish() { lines = rest.withUnsafeBytes { splitter.take($0) } }
            return lines + (splitter.finish().map { [$0] } ?? [])
        }
    }

    private let parts: Mutex<(output: Part, error: Part)>
    private let log: @Sendable (String, LogLine.Stream) -> Void

    /// Gives each line to `log`, masked if there is a mask.
    init(mask: SecretMask?, log: @escaping @Sendable (String, LogLine.Stream) -> Void) {
        parts = Mutex((Part(mask: mask), Part(mask: mask)))
        self.log = log
    }

    func take(_ bytes: UnsafeRawBufferPointer, _ stream: LogLine.Stream) {
        let lines = parts.withLock { stream == .error ? $0.error.take(bytes) : $0.output.take(bytes) }
        for line in lines { log(line, stream) }
    }

    /// The lines that had no end.
    func finish() {
        let (output, error) = parts.withLock { ($0.output.finish(), $0.error.finish()) }
        for line in output { log(line, .output) }
        for line in error { log(line, .error) }
    }
}
