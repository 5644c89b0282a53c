import Core
package import Logging

/// One line for people: time, level, message, then metadata as `key=value`.
///
/// Control characters are shown escaped, so that a logged name cannot steer the terminal.
package struct TerminalLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let clock: Clock
    private let sink: LogSink
    private let colours: Bool

    init(label: String, level: Logger.Level, clock: Clock, sink: LogSink, colours: Bool) {
        self.label = label
        logLevel = level
        self.clock = clock
        self.sink = sink
        self.colours = colours
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        // The day is on the first line of a terminal's session at the latest; the time of day is enough.
        let time = clock.now.iso8601.dropFirst(11).prefix(8)
        let level = Self.name(of: event.level)
        var line = "\(paint(String(time), "2")) \(paint(level, Self.colour(of: event.level))) "
        line += "\(Self.printable(LogMetadata.text(event.message.description)))"
        var pairs = LogMetadata.merged(metadata, metadataProvider, event.metadata)
        if let error = event.error {
            pairs["error"] = .string(LogMetadata.text("\(error)"))
        }
        for (key, value) in pairs.pairs {
            let text = value.stringValue ?? value.description
            let quoted = text.contains(" ") || text.isEmpty ? "\"\(text)\"" : text
            line += paint(" \(Self.printable(key))=\(Self.printable(quoted))", "2")
        }
        sink.write(Array((line + "\n").utf8))
    }

    private func paint(_ text: String, _ code: String) -> String {
        colours ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text
    }

    private static func name(of level: Logger.Level) -> String {
        switch level {
        case .trace: "TRACE"
        case .debug: "DEBUG"
        case .info: "INFO "
        case .notice: "NOTE "
        case .warning: "WARN "
        case .error: "ERROR"
        case .critical: "FATAL"
        }
    }

    private static func colour(of level: Logger.Level) -> String {
        switch level {
        case .trace, .debug: "2"
        case .info: "32"
        case .notice: "36"
        case .warning: "33"
        case .error, .critical: "31"
        }
    }

    private static func printable(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: isControl) else { return text }
        return text.unicodeScalars.map { scalar in
            guard isControl(scalar) else { return String(scalar) }
            return scalar == "\n" ? "\\n" : "\\u{\(String(scalar.value, radix: 16))}"
        }.joined()
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        // C0, DEL, C1, and the marks that reorder text.
        switch scalar.value {
        case 0..<0x20, 0x7F..<0xA0, 0x200E, 0x200F, 0x202A...0x202E, 0x2066...0x2069: true
        default: false
        }
    }
}
