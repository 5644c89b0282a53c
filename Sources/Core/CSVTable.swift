import Dispatch
import Synchronization

extension CSV {
    /// What becomes of columns that hold whole numbers only.
    package enum WholeNumbers: Sendable {
        /// Floating-point numbers, like every other column of numbers.
        case asNumbers
        /// Integers, missing where a field is empty.
        case asIntegers
    }

    /// Reads a table as `parse(_:)` does, with a choice for whole numbers.
    ///
    /// The bytes are looked at twice, once for the places of the fields and once for their values; a column of numbers makes
    /// no text, and large files are read on all cores.
    ///
    /// - Parameters:
    ///   - bytes: The file.
    ///   - wholeNumbers: What becomes of columns of whole numbers.
    /// - Returns: The table.
    /// - Throws: `invalidArgument` naming the line of a record with another number of fields, of an unclosed quote or of an
    ///   oversized field, and a column that appears twice.
    package static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>,
        wholeNumbers: WholeNumbers
    ) throws(MartletError) -> Table {
        guard let index = CSVFieldIndex(bytes) else {
            // An error, or a file past the index: the reader that goes byte by byte names the line.
            return try table(records: records(bytes), wholeNumbers)
        }
        guard let width = index.recordEnds.first, width > 0 else {
            throw MartletError(.invalidArgument, "The CSV has no header line.")
        }
        var start = width
        for (position, end) in index.recordEnds.dropFirst().enumerated() {
            guard end - start == width else {
                throw MartletError(
                    .invalidArgument,
                    "Line \(position + 2) of the CSV has \(end - start) fields; expected \(width)."
                )
            }
            start = end
        }
        let names = (0..<width).map { index.text(of: $0) }
        let isLarge = index.fieldCount > 20_000
        let made = Mutex([Column?](repeating: nil, count: width))
        // Safe because the pieces only read the bytes and the index, and are done when the loop returns.
        nonisolated(unsafe) let shared = index
        let body: @Sendable (Int) -> Void = { column in
            let values = CSVColumnReader(index: shared, column: column, width: width).values(wholeNumbers)
            made.withLock { $0[column] = Column(name: names[column], values: values) }
        }
        if isLarge {
            DispatchQueue.concurrentPerform(iterations: width, execute: body)
        } else {
            for column in 0..<width { body(column) }
        }
        return try Table(columns: made.withLock { $0.compactMap(\.self) })
    }

    private static func table(
        records: [[String]],
        _ wholeNumbers: WholeNumbers
    ) throws(MartletError) -> Table {
        guard let header = records.first else { throw MartletError(.invalidArgument, "The CSV has no header line.") }
        let table = try table(header: header, records: records.dropFirst(), firstLine: 2)
        guard wholeNumbers == .asIntegers else { return table }
        let rows = records.dropFirst()
        return try Table(
            columns: table.columns.enumerated().map { position, column in
                guard case .numbers = column.values else { return column }
                var integers: [Int64?] = []
                for row in rows {
                    let field = row[position]
                    let value = Int64(field)
                    guard value != nil || field.isEmpty else { return column }
                    integers.append(value)
                }
                guard integers.contains(where: { $0 != nil }) else { return column }
                return Column(name: column.name, values: .integers(integers))
            }
        )
    }
}

/// Where the fields of a CSV file begin and end.
struct CSVFieldIndex {
    let bytes: UnsafeBufferPointer<UInt8>
    /// For each field its first byte and its length, the highest bit of which says that the bytes are not the value.
    private var places: ContiguousArray<(start: UInt32, length: UInt32)> = []
    /// The number of fields up to the end of each record.
    private(set) var recordEnds: ContiguousArray<Int> = []

    private static let quoted: UInt32 = 1 << 31

    /// Finds the fields; nil for what `CSVSplitter` refuses and for files of 4 GiB or more.
    init?(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard bytes.count < Int(UInt32.max) else { return nil }
        self.bytes = bytes
        places.reserveCapacity(bytes.count / 8)
        recordEnds.reserveCapacity(bytes.count / 64)
        let end = bytes.count
        var position = 0
        var isBlank = true
        while position < end {
            let start = position
            while position < end, !Self.isSpecial(bytes[position]) { position &+= 1 }
            var flag: UInt32 = 0
            var stop = position
            if position < end, bytes[position] == 0x22 || bytes[position] == 0x0D {
                let isEndOfLine =
                    bytes[position] == 0x0D && position + 1 < end && bytes[position + 1] == 0x0A
                if isEndOfLine {
                    position += 1
                } else {
                    guard let next = Self.endOfUnusual(bytes, start) else { return nil }
                    position = next.position
                    // Carriage returns alone are nothing.
                    stop = next.isBlank ? start : next.position
                    flag = next.isBlank ? 0 : Self.quoted
                }
            }
            guard stop - start <= CoreLimits.csvFieldBytes else { return nil }
            let isLast = position >= end || bytes[position] == 0x0A
            if isLast, isBlank, stop == start, flag == 0 {
                // A line without anything is no record.
                position += 1
                continue
            }
            places.append((UInt32(start), UInt32(stop - start) | flag))
            isBlank = isLast
            if isLast { recordEnds.append(places.count) }
            position += 1
            // A comma at the very end begins one more field.
            if !isLast, position >= end {
                places.append((UInt32(end), 0))
                recordEnds.append(places.count)
            }
        }
    }

    /// How many fields there are.
    var fieldCount: Int { places.count }

    /// The bytes of a field; nil when they are not its value.
    @inline(__always)
    func plain(_ field: Int) -> UnsafeBufferPointer<UInt8>? {
        let place = places[field]
        guard place.length & Self.quoted == 0 else { return nil }
        return UnsafeBufferPointer(rebasing: bytes[Int(place.start)..<Int(place.start) + Int(place.length)])
    }

    /// The value of a field.
    func text(of field: Int) -> String {
        if let plain = plain(field) { return String(decoding: plain, as: UTF8.self) }
        let start = Int(places[field].start)
        var splitter = CSVSplitter()
        do {
            for byte in bytes[start..<start + Int(places[field].length & ~Self.quoted)] { try splitter.take(byte) }
            return try splitter.finish().first?.first ?? ""
        } catch {
            // `endOfUnusual` went the same way without an error.
            return ""
        }
    }

    @inline(__always)
    private static func isSpecial(_ byte: UInt8) -> Bool {
        byte == 0x2C || byte == 0x0A || byte == 0x22 || byte == 0x0D
    }

    /// The end of a field with quotes or carriage returns, by the rules of `CSVSplitter`; nil for an unclosed quote.
    private static func endOfUnusual(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ start: Int
    ) -> (position: Int, isBlank: Bool)? {
        var isQuoted = false
        var afterQuote = false
        var isEmpty = true
        for position in start..<bytes.count {
            let byte = bytes[position]
            if isQuoted {
                if byte == 0x22 { (isQuoted, afterQuote) = (false, true) } else { isEmpty = false }
                continue
            }
            switch byte {
            case 0x22 where afterQuote: (isQuoted, afterQuote, isEmpty) = (true, false, false)
            case 0x22 where isEmpty: isQuoted = true
            case 0x2C, 0x0A: return (position, isEmpty && !afterQuote)
            case 0x0D: break
            default: isEmpty = false
            }
        }
        return isQuoted ? nil : (bytes.count, isEmpty && !afterQuote)
    }
}

/// Reads the values of one column.
private struct CSVColumnReader {
    let index: CSVFieldIndex
    let column: Int
    let width: Int

    /// The values: numbers when every field that is not empty is one, else text.
    func values(_ wholeNumbers: CSV.WholeNumbers) -> Column.Values {
        let count = index.fieldCount / width - 1
        var numbers: [Double] = []
        numbers.reserveCapacity(count)
        var isWhole = wholeNumbers == .asIntegers
        var field = width + column
        for _ in 0..<count {
            guard let number = number(of: field, &isWhole) else { return .strings(texts(count)) }
            numbers.append(number)
            field += width
        }
        if isWhole, let integers = integers(count) { return .integers(integers) }
        return .numbers(numbers)
    }

    private func texts(_ count: Int) -> [String?] {
        (0..<count).map { row in
            let text = index.text(of: (row + 1) * width + column)
            return text.isEmpty ? nil : text
        }
    }

    /// Whole numbers; nil when there is none or one does not fit.
    private func integers(_ count: Int) -> [Int64?]? {
        var integers: [Int64?] = []
        integers.reserveCapacity(count)
        var hasValue = false
        for row in 0..<count {
            let text = index.text(of: (row + 1) * width + column)
            let value = Int64(text)
            guard value != nil || text.isEmpty else { return nil }
            hasValue = hasValue || value != nil
            integers.append(value)
        }
        return hasValue ? integers : nil
    }

    /// The number of a field, NaN for an empty one; nil for text.
    @inline(__always)
    private func number(of field: Int, _ isWhole: inout Bool) -> Double? {
        guard let bytes = index.plain(field) else { return unusual(field, &isWhole) }
        guard !bytes.isEmpty else { return .nan }
        var scanned = DecimalNumber()
        var position = 0
        if bytes[0] == 0x2D {
            scanned.isNegative = true
            position = 1
        }
        let first = position
        while position < bytes.count, bytes[position] &- 0x30 < 10 {
            scanned.mantissa = scanned.mantissa &* 10 &+ UInt64(bytes[position] &- 0x30)
            position &+= 1
        }
        var digits = position - first
        guard digits > 0 else { return unusual(field, &isWhole) }
        if position < bytes.count, bytes[position] == 0x2E {
            position &+= 1
            let point = position
            while position < bytes.count, bytes[position] &- 0x30 < 10 {
                scanned.mantissa = scanned.mantissa &* 10 &+ UInt64(bytes[position] &- 0x30)
                position &+= 1
            }
            scanned.exponent = point - position
            digits += position - point
            isWhole = false
        }
        if position < bytes.count, !exponent(bytes, &position, &scanned) { return unusual(field, &isWhole) }
        if scanned.exponent != 0 { isWhole = false }
        // Nineteen digits always fit the mantissa; more are rare and go the long way.
        guard digits <= 19, let value = scanned.nearest else { return unusual(field, &isWhole) }
        return value
    }

    /// Reads `e-05` and the like up to the end of the field.
    private func exponent(
        _ bytes: UnsafeBufferPointer<UInt8>,
        _ position: inout Int,
        _ scanned: inout DecimalNumber
    ) -> Bool {
        guard bytes[position] | 0x20 == 0x65 else { return false }
        position += 1
        var isNegative = false
        if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D {
            isNegative = bytes[position] == 0x2D
            position += 1
        }
        guard position < bytes.count, bytes.count - position <= 4 else { return false }
        var value = 0
        while position < bytes.count {
            guard bytes[position] &- 0x30 < 10 else { return false }
            value = value * 10 + Int(bytes[position] &- 0x30)
            position += 1
        }
        scanned.exponent += isNegative ? -value : value
        return true
    }

    /// What the fast way leaves open: quotes, words such as `nan`, hexadecimal and very long numbers.
    @inline(never)
    private func unusual(_ field: Int, _ isWhole: inout Bool) -> Double? {
        let text = index.text(of: field)
        guard !text.isEmpty else { return .nan }
        if Int64(text) == nil { isWhole = false }
        return Double(text)
    }
}
