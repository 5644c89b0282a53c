/// Cuts a byte stream into lines; a line past the limit is passed on in pieces, so that nothing piles up.
package struct LineSplitter {
    private var pending: [UInt8] = []

    /// Starts at the beginning of a line.
    package init() {}

    /// The lines that `bytes` complete.
    package mutating func take(_ bytes: UnsafeRawBufferPointer) -> [String] {
        var lines: [String] = []
        for byte in bytes {
            if byte == 0x0A {
                lines.append(flush())
            } else {
                pending.append(byte)
                if pending.count >= PipelinesLimits.logLineBytes { lines.append(flush()) }
            }
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
