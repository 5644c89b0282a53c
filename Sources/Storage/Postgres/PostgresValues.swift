internal import CPostgres
package import Core

/// The object identifiers of the types that are sent and understood (PostgreSQL's `pg_type`).
package enum PostgresType {
    static let unknown: UInt32 = 0
    static let bool: UInt32 = 16
    static let bytes: UInt32 = 17
    static let int8: UInt32 = 20
    static let int2: UInt32 = 21
    static let int4: UInt32 = 23
    static let text: UInt32 = 25
    static let oid: UInt32 = 26
    static let float4: UInt32 = 700
    static let float8: UInt32 = 701
    static let void: UInt32 = 2278
    /// Exact decimal numbers, such as sums of whole ones.
    package static let numeric: UInt32 = 1700
    /// char, name, json, unknown, bpchar and varchar: their binary form is the text.
    static let texts: Set<UInt32> = [18, 19, 25, 114, 705, 1042, 1043]

    /// The type that a value is sent as.
    static func of(_ value: SQLValue) -> UInt32 {
        switch value {
        case .null: unknown
        case .integer: int8
        case .real(let value): value.isNaN ? unknown : float8
        case .text: text
        case .blob: bytes
        }
    }
}

/// The values of one statement in PostgreSQL's binary form, one after the other.
struct PostgresArguments {
    private var bytes: [UInt8] = []
    private var starts: [Int?] = []
    private var lengths: [Int32] = []

    /// Encodes the values; NaN is NULL, as in SQLite.
    ///
    /// - Throws: `invalidArgument` for a text with a NUL character, which PostgreSQL cannot store.
    init(_ values: [SQLValue]) throws(MartletError) {
        starts.reserveCapacity(values.count)
        lengths.reserveCapacity(values.count)
        for value in values {
            let start = bytes.count
            switch value {
            case .null: break
            case .integer(let number): append(UInt64(bitPattern: number))
            case .real(let number) where number.isNaN: break
            case .real(let number): append(number.bitPattern)
            case .text(let text):
                bytes.append(contentsOf: text.utf8)
                guard !bytes[start...].contains(0) else {
                    throw MartletError(.invalidArgument, "A text has a NUL character, which the database cannot store.")
                }
            case .blob(let blob): bytes.append(contentsOf: blob)
            }
            starts.append(PostgresType.of(value) == PostgresType.unknown ? nil : start)
            lengths.append(Int32(clamping: bytes.count - start))
        }
        // So that an empty text has an address.
        bytes.append(0)
    }

    private mutating func append(_ bits: UInt64) {
        withUnsafeBytes(of: bits.bigEndian) { bytes.append(contentsOf: $0) }
    }

    /// Calls `body` with the count, values, lengths and formats as the library takes them.
    func withPointers<R>(
        _ body: (
            Int32, UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int32>?, UnsafePointer<Int32>?
        ) -> R
    ) -> R {
        bytes.withUnsafeBytes { bytes in
            let base = bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
            let values = starts.map { start in start.flatMap { base?.advanced(by: $0) } }
            let formats = [Int32](repeating: 1, count: values.count)
            return values.withUnsafeBufferPointer { values in
                lengths.withUnsafeBufferPointer { lengths in
                    formats.withUnsafeBufferPointer { formats in
                        body(Int32(values.count), values.baseAddress, lengths.baseAddress, formats.baseAddress)
                    }
                }
            }
        }
    }
}

/// Reads values from PostgreSQL's binary form.
package enum PostgresDecoder {
    /// The value of a column.
    ///
    /// - Throws: `internal` for a type that no table of Martlet has.
    package static func value(_ bytes: UnsafeRawBufferPointer, type: UInt32) throws(MartletError) -> SQLValue {
        switch type {
        case PostgresType.int8: return .integer(Int64(bitPattern: big(bytes)))
        case PostgresType.text: return .text(String(decoding: bytes, as: UTF8.self))
        case PostgresType.float8: return .real(Double(bitPattern: big(bytes)))
        case PostgresType.int4: return .integer(Int64(Int32(truncatingIfNeeded: Int64(bitPattern: big(bytes)))))
        case PostgresType.int2: return .integer(Int64(Int16(truncatingIfNeeded: Int64(bitPattern: big(bytes)))))
        case PostgresType.oid: return .integer(Int64(truncatingIfNeeded: big(bytes)))
        case PostgresType.bool: return .integer(bytes.first == 0 ? 0 : 1)
        case PostgresType.bytes: return .blob([UInt8](bytes))
        case PostgresType.float4: return .real(Double(Float(bitPattern: UInt32(truncatingIfNeeded: big(bytes)))))
        case PostgresType.numeric: return try numeric(bytes)
        case PostgresType.void: return .null
        case let type where PostgresType.texts.contains(type): return .text(String(decoding: bytes, as: UTF8.self))
        default: throw MartletError(.internal, "The database returned a value of the unexpected type \(type).")
        }
    }

    /// A number of at most eight bytes, the most significant first.
    private static func big(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A decimal number: whole without decimal places and within `Int64`, else the nearest `Double`.
    ///
    /// The form is four 16-bit numbers (digits, weight, sign, decimal places) and the digits to base 10,000.
    private static func numeric(_ bytes: UnsafeRawBufferPointer) throws(MartletError) -> SQLValue {
        let words = stride(from: 0, to: bytes.count - 1, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
        guard words.count >= 4, words.count == 4 + Int(words[0]) else {
            throw MartletError(.internal, "The database returned a malformed number.")
        }
        let weight = Int(Int16(bitPattern: words[1]))
        switch words[2] {
        case 0x0000, 0x4000: break
        case 0xD000: return .real(.infinity)
        case 0xF000: return .real(-.infinity)
        default: return .real(.nan)
        }
        var text = words[2] == 0x4000 ? "-" : ""
        for digit in words.dropFirst(4) {
            let group = String(digit)
            text += String(repeating: "0", count: max(0, 4 - group.count)) + group
        }
        if words[0] == 0 { text += "0" }
        let exponent = 4 * (weight - Int(words[0]) + 1)
        if words[3] == 0 {
            // Trailing groups of zeros are not sent.
            let whole = words[0] == 0 ? text : text + String(repeating: "0", count: max(0, exponent))
            if let number = Int64(whole) { return .integer(number) }
        }
        guard let number = Double(words[0] == 0 ? text : "\(text)e\(exponent)") else {
            throw MartletError(.internal, "The database returned a malformed number.")
        }
        return .real(number)
    }
}
