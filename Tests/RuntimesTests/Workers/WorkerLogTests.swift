import Runtimes
import Testing

/// A worker's output on its way to the log.
struct WorkerLogTests {
    private func take(_ log: inout WorkerLog, _ text: String, now: UInt64 = 0) -> [String] {
        Array(text.utf8).withUnsafeBytes { log.take($0, now: now) }
    }

    @Test("Lines are put together, empty ones left out, the last one comes at the end")
    func lines() {
        var log = WorkerLog()
        #expect(take(&log, "one\n\ntw") == ["one"])
        #expect(take(&log, "o\nthree") == ["two"])
        #expect(log.rest(now: 0) == ["three"])
        #expect(log.tail == ["one", "two", "three"])
    }

    @Test("A long line is cut at the limit")
    func longLine() {
        var log = WorkerLog()
        let fits = String(repeating: "x", count: WorkerLimits.lineBytes)
        #expect(take(&log, fits + "\n") == [fits])
        #expect(take(&log, fits + "y\n") == [fits + "…"])
    }

    @Test("Too many lines are dropped and counted until the window ends; the last ones are kept for reports")
    func flood() {
        var log = WorkerLog()
        let flood = (0..<(WorkerLimits.lines + 5)).map { "\($0)\n" }.joined()
        #expect(take(&log, flood).count == WorkerLimits.lines)
        #expect(log.tail.count == WorkerLimits.tailLines)
        #expect(log.tail.last == "\(WorkerLimits.lines + 4)")
        #expect(take(&log, "more\n", now: WorkerLimits.lineWindow - 1).isEmpty)
        #expect(
            take(&log, "new\n", now: WorkerLimits.lineWindow) == [
                "(6 further lines of the worker were dropped)", "new",
            ]
        )
    }
}
