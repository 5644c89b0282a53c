package import Core

/// Where the rows of a dataset come from, as declared under `source:`.
package struct DatasetSource: Sendable, Equatable {
    /// The kinds of sources.
    package enum Kind: Sendable, Equatable {
        /// A file beside the manifest.
        case file(String)
        /// An object in a bucket, `s3://bucket/key`.
        case object(String)
        /// An API that answers in pages.
        case http(HTTPSource)
        /// A table or query of a database.
        case sql(SQLSource)
    }

    /// How rows are written in a file, an object or a page.
    package enum Format: String, Sendable {
        /// Comma-separated values.
        case csv
        /// One JSON object a line.
        case jsonl
        /// One JSON document.
        case json
    }

    /// What kind of source it is.
    package let kind: Kind
    /// How rows are written.
    package let format: Format
    /// Whether the bytes are compressed with gzip.
    package let isCompressed: Bool
    /// Whether a line with the column names precedes the rows of CSV.
    package let hasHeader: Bool
    /// How many lines to skip at the start of CSV, before the header if there is one.
    package let skipLines: Int
    /// How many rows are read and committed together.
    package let blockRows: Int
    /// The cells that mean "no value", after trimming.
    package let missing: [String]

    static let defaultMissing = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"]

    /// The file beside the manifest; nil for other kinds.
    package var file: String? {
        if case .file(let file) = kind { file } else { nil }
    }

    /// What messages and lists call the source: a file's name, an address without its query.
    package var name: String {
        switch kind {
        case .file(let file): file
        case .object(let location): location
        case .http(let source): source.name
        case .sql(let source): source.name
        }
    }

    /// `file`, `s3`, `http` or `sql`.
    package var origin: String {
        switch kind {
        case .file: "file"
        case .object: "s3"
        case .http: "http"
        case .sql: "sql"
        }
    }

    /// Reads `source: {file | s3 | http | sql, format, header, skip_lines, block_rows, missing}`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package static func parse(_ fields: JSONFields, hasColumns: Bool) throws(MartletError)
        -> DatasetSource
    {
        try fields.rejectUnknown([
            "file", "s3", "http", "sql", "format", "header", "skip_lines", "block_rows", "missing",
        ])
        let kind = try kind(fields)
        let (format, isCompressed) = try format(fields, kind)
        guard format == .csv || fields.value("header") == nil && fields.value("skip_lines") == nil
        else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)': 'header' and 'skip_lines' belong to CSV."
            )
        }
        let skip = try fields.optionalInt("skip_lines", in: 0...DatasetsLimits.skipLines) ?? 0
        let blockRows = try fields.optionalInt("block_rows", in: 1...DatasetsLimits.blockRows)
        let hasHeader = try fields.optionalBool("header") ?? !hasColumns
        guard hasHeader || hasColumns || format != .csv else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "header"))' is false, so 'columns' must name the columns."
            )
        }
        return DatasetSource(
            kind: kind,
            format: format,
            isCompressed: isCompressed,
            hasHeader: hasHeader,
            skipLines: Int(skip),
            blockRows: Int(blockRows ?? DatasetsLimits.defaultBlockRows),
            missing: fields.value("missing") == nil ? defaultMissing : try fields.strings("missing")
        )
    }

    private static func kind(_ fields: JSONFields) throws(MartletError) -> Kind {
        let given = ["file", "s3", "http", "sql"].filter { fields.value($0) != nil }
        guard given.count <= 1 else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path)' names \(given.joined(separator: " and ")); a dataset has one source."
            )
        }
        switch given.first {
        case "s3":
            let location = try fields.string("s3")
            guard location.hasPrefix("s3://"), location.utf8.count <= 1024,
                location.dropFirst(5).split(separator: "/", omittingEmptySubsequences: false).count >= 2,
                !location.hasSuffix("/")
            else { throw fields.invalid("s3", "must be s3://bucket/key") }
            return .object(location)
        case "http": return .http(try HTTPSource.parse(try fields.fields("http")))
        case "sql": return .sql(try SQLSource.parse(try fields.fields("sql")))
        default:
            let file = try fields.string("file")
            guard isSafe(file) else {
                throw fields.invalid(
                    "file",
                    "must be a path below the manifest's directory, without '..', a leading '/' or empty parts"
                )
            }
            return .file(file)
        }
    }

    private static func format(_ fields: JSONFields, _ kind: Kind) throws(MartletError) -> (
        Format, Bool
    ) {
        let written = try fields.optionalString("format")
        let given = written.flatMap(Format.init(rawValue:))
        if written == "parquet" {
            throw MartletError(
                .unimplemented,
                "'\(fields.path(of: "format"))': Parquet is not read; write CSV or JSON Lines, or read it through SQL."
            )
        }
        guard written == nil || given != nil else {
            throw fields.invalid("format", "must be csv, jsonl or json")
        }
        let name: String
        switch kind {
        case .file(let file): name = file.lowercased()
        case .object(let location): name = location.lowercased()
        case .http: return (given ?? .json, false)
        case .sql:
            guard given == nil else { throw fields.invalid("format", "does not belong to a database") }
            return (.jsonl, false)
        }
        let isCompressed = name.hasSuffix(".gz")
        let plain = isCompressed ? String(name.dropLast(3)) : name
        guard !plain.hasSuffix(".parquet") else {
            throw MartletError(
                .unimplemented,
                "'\(fields.path)': Parquet is not read; write CSV or JSON Lines, or read it through SQL."
            )
        }
        guard given != .json else {
            throw fields.invalid(
                "format",
                "of a file is csv or jsonl; one JSON document is only read from an API"
            )
        }
        let isLines = [".jsonl", ".ndjson"].contains { plain.hasSuffix($0) }
        return (given ?? (isLines ? .jsonl : .csv), isCompressed)
    }

    /// Whether both read the same rows from the same place; the block size does not matter.
    func readsLike(_ other: DatasetSource) -> Bool {
        let isSamePlace =
            switch (kind, other.kind) {
            case (.http(let left), .http(let right)): left.readsLike(right)
            default: kind == other.kind
            }
        return isSamePlace && format == other.format && hasHeader == other.hasHeader
            && skipLines == other.skipLines
            && missing == other.missing
    }

    static func isSafe(_ file: String) -> Bool {
        guard !file.isEmpty, file.utf8.count <= 1024, !file.utf8.contains(0), !file.contains("\\")
        else { return false }
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { !$0.isEmpty && $0 != ".." && $0 != "." }
    }
}
