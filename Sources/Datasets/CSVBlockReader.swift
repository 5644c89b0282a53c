import Core
import Crypto

/// Reads a CSV file block by block, so that a reader who knows the offset of one block's end continues with the next.
///
/// Beside the offset it keeps the SHA-256 of everything read before it: on resumption that tells whether the file is
/// still the one whose rows were taken.
struct CSVBlockReader: Sendable {
    /// Some rows and where they end.
    struct Block: Sendable {
        /// The records, as fields of text.
        let records: [[String]]
        /// Whether nothing follows.
        let isLast: Bool
    }

    private let file: SourceFile
    private var digest = SHA256()
    private var buffer: [UInt8] = []
    private var start = 0
    private var isAtEnd = false
    private var endsWithNewline = true
    /// How many bytes the records so far took.
    private(set) var offset: Int64 = 0
    /// How many lines the records so far took, for messages.
    private(set) var line: Int64 = 0

    init(file: SourceFile) {
        self.file = file
    }

    /// The SHA-256 of the bytes before `offset`, in hexadecimal.
    var prefixDigest: String {
        let copy = digest
        return copy.finalize().hexadecimal
    }

    /// Moves to `offset` if the bytes before it are the ones with that digest; otherwise the file is another one.
    mutating func resume(at target: Int64, digest expected: String) throws -> Bool {
        var copy = CSVBlockReader(file: file)
        while copy.offset < target {
            try Task.checkCancellation()
            let count = Int(min(Int64(DatasetsLimits.readBytes), target - copy.offset))
            let bytes = try file.read(from: copy.offset, count: count)
            guard bytes.count == count else { return false }
            copy.consume(bytes[...])
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

    /// Reads up to `limit` records that are not blank.
    ///
    /// - Throws: `invalidArgument` naming the line of a malformed or oversized record.
    mutating func next(limit: Int) throws -> Block {
        var records: [[String]] = []
        while records.count < limit {
            let first = line + 1
            guard let bytes = try nextRecord() else { return Block(records: records, isLast: true) }
            guard let fields = try Self.fields(of: bytes, line: first) else { continue }
            records.append(fields)
        }
        return Block(records: records, isLast: false)
    }

    /// Skips `count` lines, whatever they hold.
    mutating func skipLines(_ count: Int) throws {
        for _ in 0..<count {
            _ = try take(until: { $0 == 0x0A })
        }
    }

    /// The bytes of the next record with its line end; line ends inside quotes belong to the record.
    private mutating func nextRecord() throws -> ArraySlice<UInt8>? {
        var isQuoted = false
        let record = try take { byte in
            if byte == 0x22 { isQuoted.toggle() }
            return byte == 0x0A && !isQuoted
        }
        guard !isQuoted else {
            throw MartletError(.invalidArgument, "A quote in '\(file.name)' is opened and never closed.")
        }
        return record
    }

    /// Takes the bytes up to and with the first that `isEnd` accepts, or all that are left; nil at the end of the file.
    private mutating func take(until isEnd: (UInt8) -> Bool) throws -> ArraySlice<UInt8>? {
        var length = 0
        while true {
            while start + length < buffer.count {
                let byte = buffer[start + length]
                length += 1
                if isEnd(byte) { return taken(length) }
            }
            try requireBounded(length)
            guard try fill() else { return length == 0 ? nil : taken(length) }
        }
    }

    private mutating func taken(_ length: Int) -> ArraySlice<UInt8> {
        let bytes = buffer[start..<start + length]
        consume(bytes)
        start += length
        return bytes
    }

    private mutating func fill() throws -> Bool {
        guard !isAtEnd else { return false }
        buffer.removeFirst(start)
        start = 0
        let bytes = try file.read(from: offset + Int64(buffer.count), count: DatasetsLimits.readBytes)
        isAtEnd = bytes.count < DatasetsLimits.readBytes
        buffer.append(contentsOf: bytes)
        return !bytes.isEmpty
    }

    private mutating func consume(_ bytes: ArraySlice<UInt8>) {
        guard let last = bytes.last else { return }
        bytes.withUnsafeBytes { digest.update(bufferPointer: $0) }
        offset += Int64(bytes.count)
        line += Int64(bytes.count { $0 == 0x0A })
        endsWithNewline = last == 0x0A
    }

    private func requireBounded(_ count: Int) throws {
        guard count <= DatasetsLimits.recordBytes else {
            throw MartletError(
                .invalidArgument,
                "The record at line \(line + 1) of '\(file.name)' is longer than \(DatasetsLimits.recordBytes) bytes; is a quote not closed?"
            )
        }
    }

    private static func fields(of bytes: ArraySlice<UInt8>, line: Int64) throws -> [String]? {
        var content = bytes
        if line == 1, content.starts(with: [0xEF, 0xBB, 0xBF]) { content = content.dropFirst(3) }
        guard String(validating: content, as: UTF8.self) != nil else {
            throw MartletError(.invalidArgument, "Line \(line) of the data file is not valid UTF-8.")
        }
        do {
            return try CSV.records(content).first
        } catch {
            throw MartletError(
                .invalidArgument,
                "The record at line \(line) of the data file has a field longer than \(CoreLimits.csvFieldBytes) bytes.",
                cause: error
            )
        }
    }
}

extension Sequence where Element == UInt8 {
    /// The bytes as lower-case hexadecimal digits.
    var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        for byte in self {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}
