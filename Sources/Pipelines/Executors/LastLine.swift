import Synchronization

/// The last line that a command wrote, for the message of its failure: of its errors if it wrote any.
final class LastLine: Sendable {
    private struct State {
        var output = ""
        var error = ""
    }

    private let state = Mutex(State())

    func note(_ line: String, _ stream: LogLine.Stream) {
        guard line.contains(where: { !$0.isWhitespace }) else { return }
        state.withLock { state in
            if stream == .error {
                state.error = String(line.prefix(300))
            } else {
                state.output = String(line.prefix(300))
            }
        }
    }

    /// `: <line>`, or a full stop when nothing was written.
    var description: String {
        state.withLock { state in
            let line = state.error.isEmpty ? state.output : state.error
            return line.isEmpty ? "." : ": \(line)"
        }
    }
}
