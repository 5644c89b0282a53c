/// Comma-separated values (RFC 4180): quoted fields, doubled quotes, LF or CRLF.
package enum CSV {
    /// Splits text into records of fields; an empty last line is ignored.
    ///
    /// - Throws: `invalidArgument` naming the line of an unclosed quote or an oversized field.
    package static func records(_ bytes: some Sequence<UInt8>) throws(MartletError) -> [[String]] {
        var splitter = CSVSplitter()
        for byte in bytes { try splitter.take(byte) }
        return try splitter.finish()
    }

    /// Reads a table whose first record names the columns; columns of numbers only become numeric, empty fields missing.
    ///
    /// - Throws: `invalidArgument` naming the line of a record with another number of fields.
    package static func parse(_ bytes: some Sequence<UInt8>) throws(MartletError) -> Table {
        let result = bytes.withContiguousStorageIfAvailable { bytes in
            Result { () throws(MartletError) in try parse(bytes, wholeNumbers: .asNumbers) }
        }
        if let result { return try result.get() }
        let copy = Array(bytes)
        return try copy.withUnsafeBufferPointer { bytes throws(MartletError) in
            try parse(bytes, wholeNumbers: .asNumbers)
        }
    }

    /// Makes a table of records under given names.
    package static func table(
        header: [String],
        records: some Collection<[String]>,
        firstLine: Int
    ) throws(MartletError) -> Table {
        for (position, record) in records.enumerated() where record.count != header.count {
            throw MartletError(
                .invalidArgument,
                "Line \(firstLine + position) of the CSV has \(record.count) fields; expected \(header.count)."
            )
        }
        return try Table(
            columns: header.enumerated().map { position, name in
                let texts = records.map { $0[position].isEmpty ? nil : $0[position] }
                let column = Column(name: name, values: .strings(texts))
                return column.numbers.map { Column(name: name, values: .numbers($0)) } ?? column
            }
        )
    }

    /// Writes a table with a header line and LF line ends; missing values are empty fields.
    package static func write(_ table: Table) -> [UInt8] {
        var bytes: [UInt8] = []
        line(table.columns.map(\.name), into: &bytes)
        for row in 0..<table.rowCount {
            line(table.columns.map { text(of: $0, row) }, into: &bytes)
        }
        return bytes
    }

    private static func text(of column: Column, _ row: Int) -> String {
        switch column.values {
        case .numbers(let values): values[row].isNaN ? "" : plain(values[row])
        case .integers(let values): values[row].map(String.init) ?? ""
        case .strings(let values): values[row] ?? ""
        }
    }

    private static func plain(_ value: Double) -> String {
        Int64(exactly: value).map(String.init) ?? String(value)
    }

    private static func line(_ fields: [String], into bytes: inout [UInt8]) {
        // An empty line would be no record at all.
        if fields == [""] { bytes += [0x22, 0x22] }
        for (position, field) in fields.enumerated() {
            if position > 0 { bytes.append(0x2C) }
            if field.utf8.contains(where: { $0 == 0x22 || $0 == 0x2C || $0 == 0x0A || $0 == 0x0D }) {
                bytes.append(0x22)
                for byte in field.utf8 {
                    if byte == 0x22 { bytes.append(0x22) }
                    bytes.append(byte)
                }
                bytes.append(0x22)
            } else {
                bytes.append(contentsOf: field.utf8)
            }
        }
        bytes.append(0x0A)
    }
}

/// Splits a byte stream into records; feed it block by block.
package struct CSVSplitter: Sendable {
    private var records: [[String]] = []
    private var fields: [String] = []
    private var field: [UInt8] = []
    private var isQuoted = false
    private var afterQuote = false
    private var line = 1
    private var quoteLine = 1

    /// Starts at the beginning of a record.
    package init() {}

    /// Takes the next byte.
    package mutating func take(_ byte: UInt8) throws(MartletError) {
        if isQuoted {
            if byte == 0x22 {
                isQuoted = false
                afterQuote = true
            } else {
                if byte == 0x0A { line += 1 }
                try append(byte)
            }
            return
        }
        switch byte {
        case 0x22 where afterQuote:
            try append(0x22)
            isQuoted = true
            afterQuote = false
        case 0x22 where field.isEmpty:
            isQuoted = true
            quoteLine = line
        case 0x2C: endField()
        case 0x0A: endRecord()
        case 0x0D: break
        default: try append(byte)
        }
    }

    /// The complete records so far, handing them over.
    package mutating func takeRecords() -> [[String]] {
        defer { records = [] }
        return records
    }

    /// Ends the stream and returns the records not yet taken.
    package mutating func finish() throws(MartletError) -> [[String]] {
        guard !isQuoted else {
            throw MartletError(.invalidArgument, "Line \(quoteLine) of the CSV opens a quote that is never closed.")
        }
        if !field.isEmpty || !fields.isEmpty || afterQuote { endRecord() }
        return takeRecords()
    }

    private mutating func append(_ byte: UInt8) throws(MartletError) {
        guard field.count < CoreLimits.csvFieldBytes else {
            throw MartletError(
                .invalidArgument,
                "Line \(line) of the CSV has a field longer than \(CoreLimits.csvFieldBytes) bytes."
            )
        }
        field.append(byte)
    }

    private mutating func endField() {
        fields.append(String(decoding: field, as: UTF8.self))
        field.removeAll(keepingCapacity: true)
        afterQuote = false
    }

    private mutating func endRecord() {
        line += 1
        let isBlank = fields.isEmpty && field.isEmpty && !afterQuote
        endField()
        if !isBlank { records.append(fields) }
        fields = []
    }
}
