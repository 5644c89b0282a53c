package import Core
import Synchronization

/// What a running attempt says: lines and progress, bounded, collected for the next write.
///
/// A task that prints a gigabyte costs no more than the cap: what is past it is counted and dropped, and the log says so.
package final class TaskLog: Sendable {
    /// Lines and progress since the last time they were taken.
    package struct Batch: Sendable {
        /// The lines in order.
        package internal(set) var lines: [LogLine] = []
        /// How far the work is, 0 to 1, and what it does.
        package internal(set) var progress: (fraction: Double, message: String)?

        /// A batch with nothing in it.
        package init() {}

        /// Whether there is nothing to write.
        package var isEmpty: Bool { lines.isEmpty && progress == nil }
    }

    private struct State {
        var batch = Batch()
        var lines = 0
        var bytes = 0
        var dropped = 0

        /// Counts one more line if the log is cut already.
        mutating func countIfCut() -> Bool {
            guard dropped > 0 else { return false }
            dropped += 1
            return true
        }
    }

    /// Yields after lines or progress have come; for one reader.
    package let arrivals: AsyncStream<Void>

    private let arrival: AsyncStream<Void>.Continuation
    private let attempt: Int
    private let clock: Clock
    private let state = Mutex(State())

    /// An empty log of one attempt.
    package init(attempt: Int, clock: Clock) {
        self.attempt = attempt
        self.clock = clock
        (arrivals, arrival) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
    }

    /// Appends a line; past the cap it is dropped.
    package func append(_ text: String, stream: LogLine.Stream) {
        // A flood past the cap costs no more than counting.
        if state.withLock({ $0.countIfCut() }) { return }
        let now = clock.now
        let line = Self.cut(text)
        state.withLock { state in
            let bytes = state.bytes + line.utf8.count
            guard state.lines < PipelinesLimits.logLines, bytes <= PipelinesLimits.logBytes else {
                if state.dropped == 0 {
                    let note =
                        "The log is cut here: more than \(PipelinesLimits.logLines) lines or \(PipelinesLimits.logBytes) bytes."
                    state.batch.lines.append(entry(note, .martlet, now))
                }
                state.dropped += 1
                return
            }
            state.lines += 1
            state.bytes = bytes
            state.batch.lines.append(entry(line, stream, now))
        }
        arrival.yield()
    }

    /// Notes how far the work is.
    package func report(fraction: Double, message: String) {
        state.withLock { $0.batch.progress = (min(1, max(0, fraction.isNaN ? 0 : fraction)), message) }
        arrival.yield()
    }

    /// What came since the last call.
    package func take() -> Batch {
        state.withLock { state in
            defer { state.batch = Batch() }
            return state.batch
        }
    }

    /// Takes back a batch that could not be written, in front of what came since.
    package func putBack(_ batch: Batch) {
        state.withLock { state in
            state.batch.lines = batch.lines + state.batch.lines
            state.batch.progress = state.batch.progress ?? batch.progress
        }
        arrival.yield()
    }

    /// What came since the last call, with a note on what was dropped, at the attempt's end.
    package func finish() -> Batch {
        let now = clock.now
        return state.withLock { state in
            if state.dropped > 0 {
                state.batch.lines.append(entry("\(state.dropped) lines were dropped.", .martlet, now))
            }
            defer { state.batch = Batch() }
            return state.batch
        }
    }

    private func entry(_ text: String, _ stream: LogLine.Stream, _ time: Timestamp) -> LogLine {
        LogLine(position: 0, attempt: attempt, time: time, stream: stream, text: text)
    }

    /// A line of bounded length without NUL, which no text column takes.
    private static func cut(_ text: String) -> String {
        let clean = text.utf8.contains(0) ? String(text.map { $0 == "\0" ? "\u{FFFD}" : $0 }) : text
        guard clean.utf8.count > PipelinesLimits.logLineBytes else { return clean }
        return String(decoding: clean.utf8.prefix(PipelinesLimits.logLineBytes), as: UTF8.self) + "…"
    }
}
