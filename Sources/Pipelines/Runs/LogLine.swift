package import Core

/// One line of a task's log.
package struct LogLine: Sendable, Equatable {
    /// Where a line came from.
    package enum Stream: String, Sendable {
        /// Standard output of a command, or a built-in step.
        case output
        /// Standard error of a command.
        case error
        /// Martlet itself: starts, retries, cut logs.
        case martlet
    }

    /// Its place in the task's log, from 1, over all attempts; 0 before it is stored.
    package let position: Int64
    /// The attempt that wrote it.
    package let attempt: Int
    /// When it was written.
    package let time: Timestamp
    /// Where it came from.
    package let stream: Stream
    /// The text, without the line end.
    package let text: String

    /// The line as the API shows it.
    package var json: JSONValue {
        [
            "position": .integer(position), "attempt": .int(attempt), "time": .integer(time.milliseconds),
            "stream": .string(stream.rawValue), "line": .string(text),
        ]
    }
}
