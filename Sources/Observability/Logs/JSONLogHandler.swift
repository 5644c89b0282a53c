import Core
package import Logging

/// One JSON object per line: what log collectors read.
///
/// ```json
/// {"time":"2026-01-01T00:00:00.000Z","level":"info","logger":"martlet","message":"…","metadata":{"loop":"…"}}
/// ```
package struct JSONLogHandler: LogHandler {
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]
    package var metadataProvider: Logger.MetadataProvider?
    private let label: String
    private let clock: Clock
    private let sink: LogSink

    init(label: String, level: Logger.Level, clock: Clock, sink: LogSink) {
        self.label = label
        logLevel = level
        self.clock = clock
        self.sink = sink
    }

    package subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        var record: JSONObject = [
            "time": .string(clock.now.iso8601),
            "level": .string(event.level.rawValue),
            "logger": .string(label),
            "message": .string(LogMetadata.text(event.message.description)),
        ]
        if let error = event.error {
            record["error"] = .string(LogMetadata.text("\(error)"))
        }
        let metadata = LogMetadata.merged(metadata, metadataProvider, event.metadata)
        if !metadata.isEmpty {
            record["metadata"] = .object(metadata)
        }
        sink.write(JSONValue.object(record).serialized() + [UInt8(ascii: "\n")])
    }
}
