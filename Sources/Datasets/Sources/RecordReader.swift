import Core
import Crypto

/// Reads the records of a file block by block, so that a reader who knows the offset of one block's end goes on with the next.
///
/// Beside the offset it keeps the SHA-256 of everything read before it: on resumption that tells whether the file is
/// still the one whose rows were taken.
struct RecordReader: Sendable {
    private let file: any ByteSource
    /// Whether quotes keep a line end from ending a record.
    private let hasQuotes: Bool
    private var digest = SHA256()
    private var buffer: [UInt8] = []
    private var start = 0
    /// Bytes of the buffer that the digest covers already.
    private var digested = 0
    private var isAtEnd = false
    private var endsWithNewline = true
    /// How many bytes the records so far took.
    private(set) var offset: Int64 = 0
    /// How many lines the records so far took, for messages.
    private(set) var line: Int64 = 0

    init(file: any ByteSource, hasQuotes: Bool) {
        self.file = file
        self.hasQuotes = hasQuotes
    }

    /// The SHA-256 of the bytes before `offset`, in hexadecimal.
    var prefixDigest: String {
        var copy = digest
        buffer[digested..<start].withUnsafeBytes { copy.update(bufferPointer: $0) }
        return copy.finalize().hexadecimal
    }

    /// Moves to `target` if the bytes before it are the ones with that digest; otherwise the file is another one.
    mutating func resume(at target: Int64, digest expected: String) throws -> Bool {
        var copy = RecordReader(file: file, hasQuotes: hasQuotes)
        while copy.offset < target {
            try Task.checkCancellation()
            let count = Int(min(Int64(DatasetsLimits.readBytes), target - copy.offset))
            let bytes = try file.read(from: copy.offset, count: count)
            guard bytes.count == count else { return false }
            copy.pass(bytes)
        }
        guard copy.prefixDigest == expected else { return false }
        if !copy.endsWithNewline {
            // The last record had no line end when it was read. A file that goes on with anything but a line end
            // has changed that record.
            let next = try file.read(from: target, count: 1)
            if let byte = next.first, byte != 0x0A, byte != 0x0D { return false }
        }
        self = copy
        return true
    }

    /// Skips `count` lines, whatever they hold.
    mutating func skipLines(_ count: Int) throws {
        for _ in 0..<count {
            guard let range = try next(quotes: false) else { return }
            take(range)
        }
    }

    /// Hands the next record that is not blank to `body`, with the line on which it begins; false at the end.
    ///
    /// - Throws: `invalidArgument` naming the line of a malformed or oversized record.
    mutating func withRecord(_ body: (UnsafeBufferPointer<UInt8>, Int64) throws -> Void) throws
        -> Bool
    {
        while let range = try next(quotes: hasQuotes) {
            let first = line + 1
            let isFirst = offset == 0
            let isBlank = try buffer.withUnsafeBufferPointer { bytes in
                var content = bytes[range]
                if content.last == 0x0A { content.removeLast() }
                if content.last == 0x0D { content.removeLast() }
                if isFirst {
                    let head = Array(content.prefix(4))
                    if head.starts(with: [0xEF, 0xBB, 0xBF]) { content.removeFirst(3) }
                    try Self.refuseOtherEncodings(head, name: file.name)
                }
                guard !content.isEmpty else { return true }
                try body(UnsafeBufferPointer(rebasing: content), first)
                return false
            }
            take(range)
            if !isBlank { return true }
        }
        return false
    }

    private static func refuseOtherEncodings(_ head: [UInt8], name: String) throws(MartletError) {
        guard head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) else { return }
        throw MartletError(
            .invalidArgument,
            "The data file '\(name)' is UTF-16, and is read as UTF-8 only; convert it."
        )
    }

    /// Where the next record lies in the buffer, with its line end.
    private mutating func next(quotes: Bool) throws -> Range<Int>? {
        var position = start
        var isQuoted = false
        while true {
            let end = buffer.withUnsafeBufferPointer { bytes -> Int? in
                while position < bytes.count {
                    let byte = bytes[position]
                    position &+= 1
                    if byte == 0x0A, !isQuoted { return position }
                    if byte == 0x22, quotes { isQuoted.toggle() }
                }
                return nil
            }
            if let end { return start..<end }
            guard position - start <= DatasetsLimits.recordBytes else {
                throw MartletError(
                    .invalidArgument,
                    "The record at line \(line + 1) of '\(file.name)' is longer than \(DatasetsLimits.recordBytes) bytes; is a quote not closed?"
                )
            }
            position -= start
            guard try fill() else {
                guard !isQuoted else {
                    throw MartletError(
                        .invalidArgument,
                        "A quote in '\(file.name)' is opened and never closed."
                    )
                }
                return start < buffer.count ? start..<buffer.count : nil
            }
        }
    }

    private mutating func take(_ range: Range<Int>) {
        offset += Int64(range.count)
        line += Int64(buffer[range].count { $0 == 0x0A })
        endsWithNewline = buffer[range].last == 0x0A
        start = range.upperBound
    }

    private mutating func fill() throws -> Bool {
        buffer[digested..<start].withUnsafeBytes { digest.update(bufferPointer: $0) }
        buffer.removeFirst(start)
        (start, digested) = (0, 0)
        guard !isAtEnd else { return false }
        let bytes = try file.read(from: offset + Int64(buffer.count), count: DatasetsLimits.readBytes)
        isAtEnd = bytes.count < DatasetsLimits.readBytes
        buffer.append(contentsOf: bytes)
        return !bytes.isEmpty
    }

    /// Goes past bytes that were taken by an earlier reader.
    private mutating func pass(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { digest.update(bufferPointer: $0) }
        offset += Int64(bytes.count)
        line += Int64(bytes.count { $0 == 0x0A })
        endsWithNewline = bytes.last == 0x0A
    }
}

extension Sequence where Element == UInt8 {
    /// The bytes as lower-case hexadecimal digits.
    var hexadecimal: String {
        var text: [UInt8] = []
        text.reserveCapacity(64)
        for byte in self {
            for half in [byte >> 4, byte & 15] { text.append(half < 10 ? 0x30 + half : 0x57 + half) }
        }
        return String(decoding: text, as: UTF8.self)
    }
}
