#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// Cuts a byte stream into lines; a line past the limit is passed on in pieces, so that nothing piles up.
package struct LineSplitter {
    private var pending: [UInt8] = []

    /// Starts at the beginning of a line.
    package init() {}

    /// The lines that `bytes` complete.
    package mutating func take(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var lines: [String] = []
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let window = min(rest.count, PipelinesLimits.logLineBytes - pending.count)
            let end = memchr(start, 0x0A, window).map { UnsafeRawPointer($0) - start }
            pending.append(contentsOf: UnsafeRawBufferPointer(start: start, count: end ?? window))
            if end != nil || pending.count >= PipelinesLimits.logLineBytes { lines.append(flush()) }
            rest = UnsafeRawBufferPointer(rebasing: rest[(end.map { $0 + 1 } ?? window)...])
        }
        return lines
    }

    /// The last line, when it has no line end.
    package mutating func finish() -> String? {
        pending.isEmpty ? nil : flush()
    }

    private mutating func flush() -> String {
        if pending.last == 0x0D { pending.removeLast() }
        defer { pending.removeAll(keepingCapacity: true) }
        return String(decoding: pending, as: UTF8.self)
    }
}
