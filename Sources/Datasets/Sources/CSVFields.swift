import Core

/// Takes one record of CSV apart.
enum CSVFields {
    /// The fields of a record without its line end; nil when it has none.
    ///
    /// - Throws: `invalidArgument` naming the line for bytes that are not UTF-8 or a field that is too long.
    static func split(_ record: UnsafeBufferPointer<UInt8>, line: Int64) throws -> [String?]? {
        var isPlain = record.count <= CoreLimits.csvFieldBytes
        var high: UInt8 = 0
        var commas = 0
        for byte in record {
            if byte == 0x22 || byte == 0x0D { isPlain = false }
            if byte == 0x2C { commas &+= 1 }
            high |= byte
        }
        guard high < 0x80 || String(validating: record, as: UTF8.self) != nil else {
            throw MartletError(.invalidArgument, "Line \(line) of the data file is not valid UTF-8.")
        }
        guard isPlain else { return try unusual(record, line: line) }
        var fields: [String?] = []
        fields.reserveCapacity(commas + 1)
        var first = 0
        for position in 0...record.count where position == record.count || record[position] == 0x2C {
            fields.append(
                String(decoding: UnsafeBufferPointer(rebasing: record[first..<position]), as: UTF8.self)
            )
            first = position + 1
        }
        return fields
    }

    private static func unusual(_ record: UnsafeBufferPointer<UInt8>, line: Int64) throws
        -> [String?]?
    {
        do {
            return try CSV.records(record).first
        } catch {
            throw MartletError(
                .invalidArgument,
                "The record at line \(line) of the data file has a field longer than \(CoreLimits.csvFieldBytes) bytes.",
                cause: error
            )
        }
    }
}
