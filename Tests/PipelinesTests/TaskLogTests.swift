import Core
import Pipelines
import TestSupport
import Testing

/// The cap of a task's log, at it and past it.
@Suite(.overEveryDatabase)
struct TaskLogTests {
    private func log() -> TaskLog {
        TaskLog(attempt: 1, clock: ManualClock().clock)
    }

    @Test func linesAreBounded() {
        let log = log()
        for number in 0..<PipelinesLimits.logLines { log.append("\(number)", stream: .output) }
        #expect(log.take().lines.count == PipelinesLimits.logLines)
        log.append("one more", stream: .output)
        log.append("and another", stream: .output)
        let rest = log.finish().lines.map(\.text)
        #expect(rest.count == 2)
        #expect(rest[0].hasPrefix("The log is cut here: more than 10000 lines"))
        #expect(rest[1] == "2 lines were dropped.")
    }

    @Test func bytesAreBounded() {
        let log = log()
        let line = String(repeating: "x", count: PipelinesLimits.logBytes / 1024)
        for _ in 0..<1024 { log.append(line, stream: .error) }
        #expect(log.take().lines.count == 1024)
        log.append("y", stream: .error)
        #expect(log.finish().lines.map(\.stream) == [.martlet, .martlet])
    }

    @Test func longLinesAreCutAndNULIsReplaced() {
        let log = log()
        log.append(String(repeating: "x", count: PipelinesLimits.logLineBytes), stream: .output)
        log.append(String(repeating: "x", count: PipelinesLimits.logLineBytes + 1), stream: .output)
        log.append("a\0b", stream: .output)
        let lines = log.take().lines.map(\.text)
        #expect(lines[0].utf8.count == PipelinesLimits.logLineBytes)
        #expect(lines[1].hasSuffix("…"))
        #expect(lines[2] == "a\u{FFFD}b")
    }

    @Test func aBatchThatCouldNotBeWrittenIsNotLost() {
        let log = log()
        log.append("one", stream: .output)
        log.report(fraction: 0.25, message: "first")
        let batch = log.take()
        log.append("two", stream: .output)
        log.report(fraction: .nan, message: "second")
        log.putBack(batch)
        let next = log.finish()
        #expect(next.lines.map(\.text) == ["one", "two"])
        #expect(next.progress?.message == "second")
        #expect(next.progress?.fraction == 0)
    }

    @Test func linesAreSplitAndOverlongOnesPassedOnInPieces() {
        var splitter = LineSplitter()
        func take(_ text: String) -> [String] {
            Array(text.utf8).withUnsafeBytes { splitter.take($0) }
        }
        #expect(take("a\r\nb\nc") == ["a", "b"])
        #expect(take("d\n\n") == ["cd", ""])
        #expect(
            take(String(repeating: "x", count: PipelinesLimits.logLineBytes + 2)).map(\.utf8.count) == [
                PipelinesLimits.logLineBytes
            ]
        )
        #expect(splitter.finish() == "xx")
        #expect(splitter.finish() == nil)
    }
}
