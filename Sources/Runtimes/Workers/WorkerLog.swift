/// Cuts a worker's output into lines for the log, and drops what is too much.
package struct WorkerLog {
    private var line: [UInt8] = []
    private var isCut = false
    private var windowStart: UInt64 = 0
    private var written = 0
    private var dropped = 0
    /// The last lines, for the report of a failed start.
    package private(set) var tail: [String] = []

    /// A log without lines.
    package init() {}

    /// Takes output and returns the lines for the log.
    package mutating func take(_ bytes: UnsafeRawBufferPointer, now: UInt64) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == 0x0A {
                finish(now: now, into: &lines)
            } else if line.count < WorkerLimits.lineBytes {
                line.append(byte)
            } else {
                isCut = true
            }
        }
        return lines
    }

    /// The line that has no end yet, and what was dropped.
    package mutating func rest(now: UInt64) -> [String] {
        var lines: [String] = []
        if !line.isEmpty { finish(now: now, into: &lines) }
        if dropped > 0 { lines.append(notice()) }
        return lines
    }

    private mutating func finish(now: UInt64, into lines: inout [String]) {
        let text = String(decoding: line, as: UTF8.self) + (isCut ? "…" : "")
        line.removeAll(keepingCapacity: true)
        isCut = false
        guard !text.isEmpty else { return }
        if tail.count == WorkerLimits.tailLines { tail.removeFirst() }
        tail.append(text)
        if now >= windowStart + WorkerLimits.lineWindow {
            windowStart = now
            written = 0
            if dropped > 0 { lines.append(notice()) }
        }
        guard written < WorkerLimits.lines else {
            dropped += 1
            return
        }
        written += 1
        lines.append(text)
    }

    private mutating func notice() -> String {
        defer { dropped = 0 }
        return "(\(dropped) further lines of the worker were dropped)"
    }
}
