import Core
import Logging
import Observability
import Synchronization
import TestSupport
import Testing

/// The lines that loggers write.
struct LogHandlerTests {
    /// Collects lines.
    final class Lines: Sendable {
        private let lines = Mutex<[String]>([])
        var all: [String] { lines.withLock { $0 } }
        var sink: LogSink {
            LogSink { line in self.lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
        }
    }

    struct Failure: Error, CustomStringConvertible {
        var description: String { "no luck" }
    }

    static func logger(_ format: LogFormat, _ lines: Lines, colours: Bool = false) -> Logger {
        let factory = format.factory(level: .info, colours: colours, clock: ManualClock().clock, sink: lines.sink)
        return Logger(label: "martlet.loop", factory: factory)
    }

    @Test func oneJSONObjectPerLine() throws {
        let lines = Lines()
        var logger = Self.logger(.json, lines)
        logger[metadataKey: "loop"] = "1"
        logger.info("Line\nbreak \"quoted\" \u{1B}[31m", metadata: ["version": "2", "nested": ["a": ["x", "y"]]])
        logger.debug("below the level")
        #expect(lines.all.count == 1)
        let line = try #require(lines.all.first)
        #expect(line.hasSuffix("}\n"))
        #expect(line.filter { $0 == "\n" }.count == 1)
        let json = try JSONValue.parse(line)
        #expect(json["time"] == "2026-01-01T00:00:00.000Z")
        #expect(json["level"] == "info")
        #expect(json["logger"] == "martlet.loop")
        #expect(json["message"] == "Line\nbreak \"quoted\" \u{1B}[31m")
        #expect(json["metadata"] == ["loop": "1", "nested": ["a": ["x", "y"]], "version": "2"])
    }

    @Test func recordMetadataWinsOverTheLoggersOwn() throws {
        let lines = Lines()
        var logger = Self.logger(.json, lines)
        logger[metadataKey: "a"] = "logger"
        var copy = logger
        copy[metadataKey: "a"] = "copy"
        logger.info("x", metadata: ["a": "record"])
        logger.info("x")
        copy.info("x")
        let values = try lines.all.map { try JSONValue.parse($0)["metadata"]?["a"] }
        #expect(values == ["record", "logger", "copy"])
    }

    @Test(arguments: LogFormat.allCases)
    func secretsAreNeverWritten(_ format: LogFormat) {
        let lines = Lines()
        let logger = Self.logger(format, lines)
        logger.info(
            "Calling with Authorization: Bearer hunter2-hunter2 at postgres://martlet:hunter2@db/x",
            metadata: [
                "password": "hunter2", "Authorization": "hunter2", "api_key": ["inner": "hunter2"],
                "header": "basic aHVudGVyMjpodW50ZXIy", "url": "https://hunter2@example.com/?token=hunter2hunter2",
                "nested": ["db_password": "hunter2"], "page_token": "shown",
            ]
        )
        let text = lines.all.joined()
        #expect(!text.contains("hunter2") && !text.contains("aHVudGVy"))
        #expect(text.contains("postgres://[redacted]@db/x"))
        #expect(text.contains("shown"))
    }

    @Test(arguments: [
        "basic check", "a token=short", "see https://example.com/a@b", "no address: // here", "bearer", "",
    ])
    func harmlessTextStays(_ text: String) {
        #expect(Redaction.clean(text) == text)
    }

    @Test func longAndDeepRecordsAreBounded() throws {
        let lines = Lines()
        var deep: Logger.MetadataValue = "bottom"
        for _ in 0..<100 { deep = ["d": deep] }
        var many: Logger.Metadata = ["deep": deep]
        for index in 0..<LogLimits.maximumMetadata * 2 { many["key\(index)"] = "v" }
        let text = String(repeating: "x", count: LogLimits.maximumTextCharacters + 1)
        Self.logger(.json, lines).info("\(text)", metadata: many)
        let json = try JSONValue.parse(try #require(lines.all.first))
        #expect(json["message"]?.stringValue == text.dropLast() + "…")
        #expect(json["metadata"]?.objectValue?.count == LogLimits.maximumMetadata)
        var value = json["metadata"]?["deep"]
        for _ in 1..<LogLimits.maximumDepth { value = value?["d"] }
        #expect(value?.stringValue?.isEmpty == false, "what is deeper is one text")
    }

    @Test func linesForPeople() {
        let lines = Lines()
        let logger = Self.logger(.terminal, lines)
        logger.warning("Disk is full\u{1B}[2J\u{202E}", metadata: ["free": "0 bytes", "path": "data"])
        #expect(lines.all == ["00:00:00 WARN  Disk is full\\u{1b}[2J\\u{202e} free=\"0 bytes\" path=data\n"])
        let coloured = Lines()
        Self.logger(.terminal, coloured, colours: true).error("x")
        #expect(coloured.all.first?.contains("\u{1B}[31mERROR\u{1B}[0m x\n") == true)
    }
}
