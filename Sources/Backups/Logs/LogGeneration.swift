import Artifacts
import Core

/// A copy of a database from which its shipped log goes on.
struct LogGeneration: Sendable, Equatable {
    /// Its name, which sorts by time.
    let id: String
    /// The moment of the copy.
    let createdAt: Timestamp
    /// The version of the product that made it.
    let version: String
    /// The migrations that had been applied.
    let schema: [String]
    /// The copy.
    let file: StoredFile

    /// A name for a generation of this moment.
    static func newID(_ now: Timestamp) -> String {
        let digits = String(max(0, now.milliseconds))
        return String(repeating: "0", count: max(0, 15 - digits.count)) + digits + "-\(Identifier.random().prefix(8))"
    }

    /// The description for the place.
    var json: JSONObject {
        [
            "format": 1, "id": .string(id), "created_at": .integer(createdAt.milliseconds),
            "product_version": .string(version), "schema": .array(schema.map(JSONValue.string)),
            "file": .object(file.members),
        ]
    }

    init(id: String, createdAt: Timestamp, version: String, schema: [String], file: StoredFile) {
        self.id = id
        self.createdAt = createdAt
        self.version = version
        self.schema = schema
        self.file = file
    }

    init(_ fields: JSONFields) throws(MartletError) {
        guard try fields.int("format") == 1 else { throw fields.invalid("format", "must be 1") }
        id = try fields.string("id")
        createdAt = Timestamp(milliseconds: try fields.int("created_at"))
        version = try fields.string("product_version")
        schema = try fields.strings("schema")
        file = try StoredFile(JSONFields(fields.value("file") ?? .null, path: "file"))
    }
}

/// The name of a segment, which says what must be known before it is read.
struct SegmentName: Sendable, Equatable {
    /// Its number in the generation, from 1.
    let sequence: Int64
    /// When its frames were found in the log.
    let time: Timestamp
    /// Whether it ends with a commit; one that does not is only worth something with the next.
    let endsCommit: Bool
    /// SHA-256 of the whole object.
    let sha256: String

    /// The name below the generation's folder.
    var path: String {
        let folder = Self.padded((sequence - 1) / BackupsLimits.segmentsPerFolder, 8)
        let kind = endsCommit ? "c" : "p"
        return "\(folder)/\(Self.padded(sequence, 12))-\(Self.padded(time.milliseconds, 15))-\(kind)-\(sha256)"
    }

    private static func padded(_ number: Int64, _ width: Int) -> String {
        let digits = String(max(0, number))
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    init(sequence: Int64, time: Timestamp, endsCommit: Bool, sha256: String) {
        self.sequence = sequence
        self.time = time
        self.endsCommit = endsCommit
        self.sha256 = sha256
    }

    /// Reads the last component of a path; nil when it is no segment's.
    init?(_ name: String) {
        let parts = name.split(separator: "-").map(String.init)
        guard parts.count == 4, let sequence = Int64(parts[0]), sequence > 0, let time = Int64(parts[1]),
            parts[2] == "c" || parts[2] == "p", StoredFile.isHash(parts[3])
        else { return nil }
        self.init(
            sequence: sequence,
            time: Timestamp(milliseconds: time),
            endsCommit: parts[2] == "c",
            sha256: parts[3]
        )
    }
}

/// The frames of a piece of a log, with what joins them to the piece before.
struct LogSegment: Sendable {
    /// The generation.
    let generation: String
    /// Its number in the generation, from 1.
    let sequence: Int64
    /// SHA-256 of the segment before; empty for the first.
    let previous: String
    /// Bytes of a page.
    let pageBytes: Int
    /// Frames as they stand in SQLite's log: 24 bytes and a page each.
    let frames: [UInt8]

    private static let frameHeader = 24

    /// The object: a line of JSON, then the frames.
    var bytes: [UInt8] {
        let header: JSONValue = [
            "format": 1, "generation": .string(generation), "sequence": .integer(sequence),
            "previous": .string(previous), "page_bytes": .int(pageBytes),
        ]
        return header.serialized() + [UInt8(ascii: "\n")] + frames
    }

    init(generation: String, sequence: Int64, previous: String, pageBytes: Int, frames: [UInt8]) {
        self.generation = generation
        self.sequence = sequence
        self.previous = previous
        self.pageBytes = pageBytes
        self.frames = frames
    }

    /// Reads an object.
    ///
    /// - Throws: `dataLoss` when it is not one.
    init(_ bytes: [UInt8]) throws(MartletError) {
        guard let end = bytes.firstIndex(of: UInt8(ascii: "\n")), end < 4096 else { throw Self.damaged }
        do throws(MartletError) {
            let fields = try JSONFields(try JSONValue.parse(bytes[..<end]))
            guard try fields.int("format") == 1 else { throw Self.damaged }
            generation = try fields.string("generation")
            sequence = try fields.int("sequence")
            previous = try fields.string("previous")
            pageBytes = Int(try fields.int("page_bytes", in: 512...65_536))
        } catch {
            throw MartletError(.dataLoss, Self.damaged.message, cause: error)
        }
        frames = Array(bytes[(end + 1)...])
        guard !frames.isEmpty, frames.count % (pageBytes + Self.frameHeader) == 0 else { throw Self.damaged }
    }

    private static let damaged = MartletError(.dataLoss, "A segment of the shipped log is damaged.")

    /// Hands every page to `visit`: its number from 1, its bytes, and how many pages the database has after the commit
    /// that the frame ends; 0 for one that ends none.
    func forEachPage(_ visit: (_ page: Int64, _ bytes: ArraySlice<UInt8>, _ pages: Int64) throws -> Void) rethrows {
        let frameBytes = pageBytes + Self.frameHeader
        for start in stride(from: 0, to: frames.count, by: frameBytes) {
            let page = frames[(start + Self.frameHeader)..<(start + frameBytes)]
            try visit(word(start), page, word(start + 4))
        }
    }

    private func word(_ offset: Int) -> Int64 {
        frames[offset..<offset + 4].reduce(0) { $0 << 8 | Int64($1) }
    }
}
