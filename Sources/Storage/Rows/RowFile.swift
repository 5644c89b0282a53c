internal import Core
internal import Foundation

/// The rows of a schema in a file: a line of JSON that describes them, then the rows, every value with its kind.
enum RowFile {
    static let mark = "martlet rows 1\n"
    static let rowByte: UInt8 = 1
    static let endByte: UInt8 = 0

    /// What the first byte of a value says.
    enum Kind: UInt8 {
        case null = 0
        case integer = 1
        case real = 2
        case text = 3
        case blob = 4
    }

    static func damaged(_ what: String) -> MartletError {
        MartletError(.dataLoss, "The copy of the database's rows is damaged: \(what).")
    }
}

/// Writes such a file.
final class RowFileWriter {
    private let file: FileHandle
    private var buffer: [UInt8] = []

    /// Creates the file.
    init(path: String, description: JSONObject) throws(MartletError) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw MartletError(errno == EEXIST ? .alreadyExists : .unavailable, "The copy's file cannot be created.")
        }
        file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        buffer = Array(RowFile.mark.utf8) + JSONValue.object(description).serialized() + [UInt8(ascii: "\n")]
    }

    /// Appends a row.
    func row(_ row: Row, width: Int) throws(MartletError) {
        buffer.append(RowFile.rowByte)
        for column in 0..<width { append(row[at: column]) }
        if buffer.count >= StorageLimits.rowBufferBytes { try flush() }
    }

    /// Ends a table.
    func endTable() {
        buffer.append(RowFile.endByte)
    }

    /// Writes what is left and makes it durable.
    func finish() throws(MartletError) {
        try flush()
        guard fsync(file.fileDescriptor) == 0 else {
            throw MartletError(.unavailable, "The copy could not be written to the disk.")
        }
    }

    private func append(_ value: SQLValue) {
        switch value {
        case .null: buffer.append(RowFile.Kind.null.rawValue)
        case .integer(let number): append(.integer, bits: UInt64(bitPattern: number))
        case .real(let number): append(.real, bits: number.bitPattern)
        case .text(let text): append(.text, bytes: Array(text.utf8))
        case .blob(let bytes): append(.blob, bytes: bytes)
        }
    }

    private func append(_ kind: RowFile.Kind, bits: UInt64) {
        buffer.append(kind.rawValue)
        withUnsafeBytes(of: bits.littleEndian) { buffer.append(contentsOf: $0) }
    }

    private func append(_ kind: RowFile.Kind, bytes: [UInt8]) {
        append(kind, bits: UInt64(bytes.count))
        buffer.append(contentsOf: bytes)
    }

    private func flush() throws(MartletError) {
        do {
            try file.write(contentsOf: Data(buffer))
        } catch {
            throw MartletError(.storageFull, "There is no room for the copy of the database.", cause: error)
        }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// Reads such a file.
final class RowFileReader {
    /// The line that describes the rows.
    let description: JSONFields
    private let file: FileHandle
    private var buffer: [UInt8] = []
    private var next = 0

    init(path: String) throws {
        guard let file = FileHandle(forReadingAtPath: path) else {
            throw MartletError(.notFound, "There is no copy of the rows.")
        }
        self.file = file
        let start = try file.read(upToCount: RowFile.mark.utf8.count).map { Array($0) } ?? []
        guard start == Array(RowFile.mark.utf8) else { throw RowFile.damaged("it does not begin as one") }
        var line: [UInt8] = []
        while !line.contains(UInt8(ascii: "\n")) {
            guard let more = try file.read(upToCount: StorageLimits.rowBufferBytes), !more.isEmpty,
                line.count <= CoreLimits.jsonBytes
            else { throw RowFile.damaged("it has no description") }
            line.append(contentsOf: more)
        }
        let end = line.firstIndex(of: UInt8(ascii: "\n")) ?? line.endIndex
        description = try JSONFields(try JSONValue.parse(line[..<end]))
        buffer = Array(line[(end + 1)...])
    }

    /// The next row of the table; nil at its end.
    func row(width: Int) throws -> [SQLValue]? {
        let byte = try take(1)[0]
        guard byte == RowFile.rowByte else {
            guard byte == RowFile.endByte else { throw RowFile.damaged("a row begins with \(byte)") }
            return nil
        }
        var values: [SQLValue] = []
        values.reserveCapacity(width)
        for _ in 0..<width { values.append(try value()) }
        return values
    }

    private func value() throws -> SQLValue {
        guard let kind = RowFile.Kind(rawValue: try take(1)[0]) else { throw RowFile.damaged("a value is of no kind") }
        switch kind {
        case .null: return .null
        case .integer: return .integer(Int64(bitPattern: try bits()))
        case .real: return .real(Double(bitPattern: try bits()))
        case .text:
            guard let text = String(validating: try bytes(), as: UTF8.self) else {
                throw RowFile.damaged("a text is not UTF-8")
            }
            return .text(text)
        case .blob: return .blob(try bytes())
        }
    }

    private func bits() throws -> UInt64 {
        try take(8).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    private func bytes() throws -> [UInt8] {
        guard let count = Int(exactly: try bits()), count <= StorageLimits.rowValueBytes else {
            throw RowFile.damaged("a value is too long")
        }
        return try take(count)
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while buffer.count - next < count {
            buffer.removeFirst(next)
            next = 0
            guard let more = try file.read(upToCount: max(StorageLimits.rowBufferBytes, count)), !more.isEmpty else {
                throw RowFile.damaged("it is cut off")
            }
            buffer.append(contentsOf: more)
        }
        defer { next += count }
        return Array(buffer[next..<next + count])
    }
}
