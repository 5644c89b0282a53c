package import Core
package import Logging

/// How log records are written.
package enum LogFormat: String, Sendable, CaseIterable {
    /// One JSON object per line.
    case json
    /// One line for people.
    case terminal

    /// What `LoggingSystem.bootstrap` needs: a handler for each label.
    package func factory(
        level: Logger.Level,
        colours: Bool = false,
        clock: Clock = .system,
        sink: LogSink = .standardError
    ) -> @Sendable (String) -> any LogHandler {
        { label in
            switch self {
            case .json:
                JSONLogHandler(label: label, level: level, clock: clock, sink: sink)
            case .terminal:
                TerminalLogHandler(label: label, level: level, clock: clock, sink: sink, colours: colours)
            }
        }
    }
}
