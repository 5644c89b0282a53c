import Core

/// Reads a UBJSON model (Universal Binary JSON, draft 12) as XGBoost writes it: big-endian, typed arrays.
///
/// Counts are checked against the bytes that are left before anything is allocated.
struct UBJSONReader {
    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    mutating func readDocument() throws -> ModelDocument {
        let document = try readValue(marker: try readByte(), depth: RuntimesLimits.documentDepth)
        guard offset == bytes.count else { throw damaged("bytes follow the end") }
        return document
    }

    private mutating func readValue(marker: UInt8, depth: Int) throws -> ModelDocument {
        guard depth > 0 else { throw damaged("nested more than \(RuntimesLimits.documentDepth) levels deep") }
        switch marker {
        case UInt8(ascii: "{"): return try readObject(depth: depth - 1)
        case UInt8(ascii: "["): return try readArray(depth: depth - 1)
        case UInt8(ascii: "S"): return .string(try readText())
        case UInt8(ascii: "C"): return .string(String(decoding: [try readByte()], as: UTF8.self))
        case UInt8(ascii: "Z"): return .null
        case UInt8(ascii: "T"): return .bool(true)
        case UInt8(ascii: "F"): return .bool(false)
        default: return .number(try readNumber(marker))
        }
    }

    private mutating func readObject(depth: Int) throws -> ModelDocument {
        var members: [String: ModelDocument] = [:]
        while true {
            guard offset < bytes.count else { throw damaged("an object is not closed") }
            if bytes[offset] == UInt8(ascii: "}") {
                offset += 1
                return .object(members)
            }
            let key = try readText()
            let value = try readValue(marker: try readByte(), depth: depth)
            guard members.updateValue(value, forKey: key) == nil else {
                throw damaged("the key '\(key)' appears twice")
            }
        }
    }

    private mutating func readArray(depth: Int) throws -> ModelDocument {
        if take(UInt8(ascii: "$")) {
            let marker = try readByte()
            guard take(UInt8(ascii: "#")) else { throw damaged("a typed array has no count") }
            return .numbers(try readPacked(marker, count: try readCount()))
        }
        var array = ModelArrayBuilder()
        if take(UInt8(ascii: "#")) {
            let length = try readCount()
            guard length <= bytes.count - offset else { throw damaged("an array is longer than the file") }
            for _ in 0..<length { array.append(try readValue(marker: try readByte(), depth: depth)) }
            return array.finish()
        }
        while !take(UInt8(ascii: "]")) {
            array.append(try readValue(marker: try readByte(), depth: depth))
        }
        return array.finish()
    }

    private mutating func readPacked(_ marker: UInt8, count length: Int) throws -> [Double] {
        guard let width = Self.width(of: marker) else { throw damaged("unknown element type \(marker)") }
        guard length <= (bytes.count - offset) / width else { throw damaged("an array is longer than the file") }
        var numbers: [Double] = []
        numbers.reserveCapacity(length)
        for _ in 0..<length { numbers.append(try readNumber(marker)) }
        return numbers
    }

    private static func width(of marker: UInt8) -> Int? {
        switch marker {
        case UInt8(ascii: "i"), UInt8(ascii: "U"): 1
        case UInt8(ascii: "I"): 2
        case UInt8(ascii: "l"), UInt8(ascii: "d"): 4
        case UInt8(ascii: "L"), UInt8(ascii: "D"): 8
        default: nil
        }
    }

    private mutating func readNumber(_ marker: UInt8) throws -> Double {
        switch marker {
        case UInt8(ascii: "i"): Double(Int8(bitPattern: try readByte()))
        case UInt8(ascii: "U"): Double(try readByte())
        case UInt8(ascii: "I"): Double(try readInteger(Int16.self))
        case UInt8(ascii: "l"): Double(try readInteger(Int32.self))
        case UInt8(ascii: "L"): Double(try readInteger(Int64.self))
        case UInt8(ascii: "d"): Double(Float(bitPattern: try readInteger(UInt32.self)))
        case UInt8(ascii: "D"): Double(bitPattern: try readInteger(UInt64.self))
        default: throw damaged("unknown type \(marker)")
        }
    }

    private mutating func readCount() throws -> Int {
        let marker = try readByte()
        let value: Int64
        switch marker {
        case UInt8(ascii: "i"): value = Int64(Int8(bitPattern: try readByte()))
        case UInt8(ascii: "U"): value = Int64(try readByte())
        case UInt8(ascii: "I"): value = Int64(try readInteger(Int16.self))
        case UInt8(ascii: "l"): value = Int64(try readInteger(Int32.self))
        case UInt8(ascii: "L"): value = try readInteger(Int64.self)
        default: throw damaged("a length has the unknown type \(marker)")
        }
        guard let count = Int(exactly: value), count >= 0 else { throw damaged("the length \(value) is negative") }
        return count
    }

    private mutating func readText() throws -> String {
        let length = try readCount()
        guard length <= bytes.count - offset else { throw damaged("a string is longer than the file") }
        let slice = UnsafeBufferPointer(rebasing: bytes[offset..<offset + length])
        guard let text = String(validating: slice, as: UTF8.self) else { throw damaged("a string is not UTF-8") }
        offset += length
        return text
    }

    private mutating func readInteger<Integer: FixedWidthInteger>(_: Integer.Type) throws -> Integer {
        let width = MemoryLayout<Integer>.size
        guard bytes.count - offset >= width, let start = bytes.baseAddress else {
            throw damaged("the file ends within a number")
        }
        let raw = UnsafeRawPointer(start + offset)
        offset += width
        return Integer(bigEndian: raw.loadUnaligned(as: Integer.self))
    }

    private mutating func readByte() throws -> UInt8 {
        guard offset < bytes.count else { throw damaged("the file ends too early") }
        defer { offset += 1 }
        return bytes[offset]
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private func damaged(_ what: String) -> MartletError {
        MartletError(.dataLoss, "The model file is damaged at byte \(offset): \(what).")
    }
}
