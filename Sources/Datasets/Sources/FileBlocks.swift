import Core

/// The rows of a CSV or JSON Lines file.
struct FileBlocks: BlockSource {
    private let file: any ByteSource
    private let source: DatasetSource
    /// The manifest's columns; empty when the file names them.
    private let declared: [String]
    private var reader: RecordReader
    private var names: [String] = []
    private var hasBegun = false
    private var row: Int64 = 0

    init(_ file: any ByteSource, source: DatasetSource, declared: [String]) {
        self.file = file
        self.source = source
        self.declared = declared
        reader = RecordReader(file: file, hasQuotes: source.format == .csv)
    }

    private(set) var fraction = 0.0

    var digest: SourceDigest {
        SourceDigest(name: source.name, sha256: reader.prefixDigest, bytes: reader.offset)
    }

    func close() async {}

    mutating func resume(at position: SourcePosition, rows: Int64) async throws -> Bool {
        let (copy, target) = (self, position)
        let resumed = try await BlockingWork.run { () -> FileBlocks? in
            var resumed = copy
            guard try resumed.reader.resume(at: target.offset, digest: target.digest) else { return nil }
            // The header's bytes are among those that did not change.
            var beginning = copy
            try beginning.begin()
            resumed.names = beginning.names
            resumed.hasBegun = true
            resumed.row = rows
            return resumed
        }
        guard let resumed else { return false }
        self = resumed
        return true
    }

    mutating func next(limit: Int) async throws -> SourceBlock {
        let copy = self
        let (next, block) = try await BlockingWork.run {
            var next = copy
            let block = try next.read(limit)
            return (next, block)
        }
        self = next
        return block
    }

    private mutating func begin() throws {
        hasBegun = true
        guard source.format == .csv else {
            names = declared
            return
        }
        try reader.skipLines(source.skipLines)
        names = declared
        guard source.hasHeader else { return }
        var header: [String?]?
        _ = try reader.withRecord { header = try CSVFields.split($0, line: $1) }
        guard let header else {
            throw MartletError(.invalidArgument, "The data file '\(source.name)' has no header line.")
        }
        names = header.map { ($0 ?? "").trimmingWhitespace }
        try SourceHeader.check(names, declared: declared, name: source.name)
    }

    private mutating func read(_ limit: Int) throws -> SourceBlock {
        if !hasBegun { try begin() }
        var gathered = RowGatherer(columns: names)
        var isLast = false
        while gathered.rows.count < limit, gathered.bytes < DatasetsLimits.blockBytes {
            let (number, width, format, name) = (row + 1, names.count, source.format, source.name)
            let found = try reader.withRecord { record, line in
                guard format == .csv else {
                    try gathered.add(try Self.object(record, line, name), what: "Row \(number) of '\(name)'")
                    return
                }
                guard let fields = try CSVFields.split(record, line: line) else { return }
                guard fields.count == width else {
                    throw MartletError(
                        .invalidArgument,
                        "Row \(number) of '\(name)' has \(fields.count) fields; expected \(width)."
                    )
                }
                gathered.add(fields)
            }
            guard found else {
                isLast = true
                break
            }
            row += 1
        }
        fraction = try file.fraction(at: reader.offset)
        let position = SourcePosition(offset: reader.offset, digest: reader.prefixDigest)
        return SourceBlock(rows: gathered, position: position, isLast: isLast)
    }

    private static func object(
        _ record: UnsafeBufferPointer<UInt8>,
        _ line: Int64,
        _ name: String
    ) throws(MartletError) -> JSONObject {
        do throws(MartletError) {
            let value = try JSONValue.parse(record, limits: .lenientNumbers)
            if let object = value.objectValue { return object }
            throw MartletError(.invalidArgument, "it is \(value.kind), not an object.")
        } catch {
            throw MartletError(
                .invalidArgument,
                "Line \(line) of '\(name)' is no JSON object: \(error.message)"
            )
        }
    }
}

/// What the first line of a CSV file must be.
enum SourceHeader {
    static func check(_ names: [String], declared: [String], name: String) throws(MartletError) {
        guard !declared.isEmpty else {
            var seen: Set<String> = []
            guard (1...DatasetsLimits.columns).contains(names.count) else {
                throw MartletError(
                    .invalidArgument,
                    "The header of '\(name)' has \(names.count) columns; 1 to \(DatasetsLimits.columns) are accepted."
                )
            }
            for (position, column) in names.enumerated() {
                _ = try DatasetColumn.checkedName(column, path: "column \(position + 1) of the header")
                guard seen.insert(column).inserted else {
                    throw MartletError(
                        .invalidArgument,
                        "The header of '\(name)' names the column '\(column)' twice."
                    )
                }
            }
            return
        }
        for (position, column) in declared.enumerated() {
            let found = position < names.count ? "'\(names[position])'" : "nothing"
            guard position < names.count, names[position] == column else {
                throw MartletError(
                    .invalidArgument,
                    "The header of '\(name)' has \(found) where the manifest's columns have '\(column)'."
                )
            }
        }
        guard names.count == declared.count else {
            throw MartletError(
                .invalidArgument,
                "The header of '\(name)' has \(names.count) columns; the manifest names \(declared.count)."
            )
        }
    }
}
