import Core

/// The body of `log-batch` or `log-metric`, read without a tree.
///
/// Only what clients usually send is read here: the fields by their snake_case names, once each, whole numbers as
/// numbers. For everything else there is no value, and the general reader says what is wrong or reads it.
struct LoggedBatch {
    private(set) var runID = ""
    private(set) var metrics: [Metric] = []
    private(set) var params: [Param] = []
    private(set) var tags: [Tag] = []

    /// Reads `{"run_id": …, "metrics": […], "params": […], "tags": […]}`.
    init?(batch bytes: UnsafeBufferPointer<UInt8>) {
        var reader = Self.reader(bytes)
        do {
            try readBatch(&reader)
            try reader.expectEnd()
        } catch { return nil }
        guard !runID.isEmpty else { return nil }
    }

    /// Reads `{"run_id": …, "key": …, "value": …, "timestamp": …, "step": …}`.
    init?(metric bytes: UnsafeBufferPointer<UInt8>) {
        var reader = Self.reader(bytes)
        do {
            metrics = [try readMetric(&reader, withRun: true)]
            try reader.expectEnd()
        } catch { return nil }
        guard !runID.isEmpty else { return nil }
    }

    private static func reader(_ bytes: UnsafeBufferPointer<UInt8>) -> JSONReader {
        var reader = JSONReader(bytes)
        reader.allowsNonFinite = true
        return reader
    }

    /// What is not read here.
    private struct Unusual: Error {}

    private mutating func readBatch(_ reader: inout JSONReader) throws {
        var seen: Set<String> = []
        try Self.members(&reader) { key, reader in
            guard seen.insert(key).inserted else { throw Unusual() }
            switch key {
            case "run_id": runID = try Self.text(&reader)
            case "metrics": try Self.elements(&reader) { metrics.append(try readMetric(&$0, withRun: false)) }
            case "params":
                try Self.elements(&reader) { reader in
                    let pair = try Self.pair(&reader)
                    params.append(Param(key: pair.key, value: pair.value))
                }
            case "tags":
                try Self.elements(&reader) { reader in
                    let pair = try Self.pair(&reader)
                    tags.append(Tag(key: pair.key, value: pair.value))
                }
            default: throw Unusual()
            }
        }
    }

    private mutating func readMetric(_ reader: inout JSONReader, withRun: Bool) throws -> Metric {
        var key: String?
        var value: Double?
        var timestamp: Int64?
        var step: Int64?
        try Self.members(&reader) { name, reader in
            switch name {
            case "key" where key == nil: key = try Self.text(&reader)
            case "value" where value == nil: value = try reader.readDouble()
            case "timestamp" where timestamp == nil: timestamp = try Self.whole(&reader)
            case "step" where step == nil: step = try Self.whole(&reader)
            case "run_id" where withRun && runID.isEmpty: runID = try Self.text(&reader)
            default: throw Unusual()
            }
        }
        guard let key, let value, let timestamp else { throw Unusual() }
        return Metric(key: key, value: value, timestamp: Timestamp(milliseconds: timestamp), step: step ?? 0)
    }

    private static func pair(_ reader: inout JSONReader) throws -> (key: String, value: String) {
        var key: String?
        var value: String?
        try members(&reader) { name, reader in
            switch name {
            case "key" where key == nil: key = try text(&reader)
            case "value" where value == nil:
                let read = try reader.readString()
                guard !read.utf8.contains(0) else { throw Unusual() }
                value = read
            default: throw Unusual()
            }
        }
        guard let key, let value else { throw Unusual() }
        return (key, value)
    }

    private static func members(
        _ reader: inout JSONReader,
        _ member: (String, inout JSONReader) throws -> Void
    ) throws {
        try reader.expect(UInt8(ascii: "{"))
        if reader.take(UInt8(ascii: "}")) { return }
        repeat {
            let name = try reader.readString()
            try reader.expect(UInt8(ascii: ":"))
            try member(name, &reader)
        } while reader.take(UInt8(ascii: ","))
        try reader.expect(UInt8(ascii: "}"))
    }

    private static func elements(_ reader: inout JSONReader, _ element: (inout JSONReader) throws -> Void) throws {
        try reader.expect(UInt8(ascii: "["))
        if reader.take(UInt8(ascii: "]")) { return }
        repeat { try element(&reader) } while reader.take(UInt8(ascii: ","))
        try reader.expect(UInt8(ascii: "]"))
    }

    private static func text(_ reader: inout JSONReader) throws -> String {
        let text = try reader.readString()
        guard !text.isEmpty, !text.utf8.contains(0) else { throw Unusual() }
        return text
    }

    private static func whole(_ reader: inout JSONReader) throws -> Int64 {
        guard case .integer(let value) = try reader.readNumber() else { throw Unusual() }
        return value
    }
}
