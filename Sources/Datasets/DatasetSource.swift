package import Core

/// Where the rows of a dataset come from: a CSV file beside the manifest.
package struct DatasetSource: Sendable, Equatable {
    /// The file, relative to the manifest's directory.
    package let file: String
    /// Whether a line with the column names precedes the rows.
    package let hasHeader: Bool
    /// How many lines to skip at the start of the file, before the header if there is one.
    package let skipLines: Int
    /// How many rows are read and committed together.
    package let blockRows: Int
    /// The cells that mean "no value", after trimming.
    package let missing: [String]

    static let defaultMissing = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "?"]

    /// Reads `source: {file, header, skip_lines, block_rows, missing}`.
    ///
    /// - Throws: `invalidArgument` naming the field.
    package static func parse(_ fields: JSONFields, hasColumns: Bool) throws(MartletError) -> DatasetSource {
        try fields.rejectUnknown(["file", "header", "skip_lines", "block_rows", "missing"])
        let skip = try fields.optionalInt("skip_lines", in: 0...DatasetsLimits.skipLines) ?? 0
        let blockRows = try fields.optionalInt("block_rows", in: 1...DatasetsLimits.blockRows)
        let hasHeader = try fields.optionalBool("header") ?? !hasColumns
        guard hasHeader || hasColumns else {
            throw MartletError(
                .invalidArgument,
                "'\(fields.path(of: "header"))' is false, so 'columns' must name the columns."
            )
        }
        let file = try fields.string("file")
        guard isSafe(file) else {
            throw fields.invalid(
                "file",
                "must be a path below the manifest's directory, without '..', a leading '/' or empty parts"
            )
        }
        return DatasetSource(
            file: file,
            hasHeader: hasHeader,
            skipLines: Int(skip),
            blockRows: Int(blockRows ?? DatasetsLimits.defaultBlockRows),
            missing: fields.value("missing") == nil ? defaultMissing : try fields.strings("missing")
        )
    }

    /// Whether both read the same rows from the same file; the block size does not matter.
    func readsLike(_ other: DatasetSource) -> Bool {
        file == other.file && hasHeader == other.hasHeader && skipLines == other.skipLines && missing == other.missing
    }

    private static func isSafe(_ file: String) -> Bool {
        guard !file.isEmpty, file.utf8.count <= 1024, !file.utf8.contains(0), !file.contains("\\") else { return false }
        let parts = file.split(separator: "/", omittingEmptySubsequences: false)
        return parts.allSatisfy { !$0.isEmpty && $0 != ".." && $0 != "." }
    }
}
