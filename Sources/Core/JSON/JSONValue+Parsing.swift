/// What a JSON document may be: bounded before anything is decoded.
package struct JSONLimits: Sendable {
    /// Deepest nesting.
    package var depth = CoreLimits.jsonDepth
    /// Largest document, in bytes.
    package var bytes = CoreLimits.jsonBytes
    /// Accepts the bare tokens `NaN` and `Infinity` that Python's json module emits.
    package var allowsNonFinite = false

    /// The defaults: depth 64, 16 MiB, strict numbers.
    package static let standard = JSONLimits()
    /// The defaults, and bare `NaN` and `Infinity`.
    package static let lenientNumbers = JSONLimits(allowsNonFinite: true)

    /// Limits with the given values.
    package init(
        depth: Int = CoreLimits.jsonDepth,
        bytes: Int = CoreLimits.jsonBytes,
        allowsNonFinite: Bool = false
    ) {
        self.depth = depth
        self.bytes = bytes
        self.allowsNonFinite = allowsNonFinite
    }
}

extension JSONValue {
    /// Parses one document; nothing may follow it.
    ///
    /// Duplicate keys, invalid UTF-8 and excess depth are refused.
    ///
    /// - Throws: `invalidArgument` with the byte offset, or `payloadTooLarge`.
    package static func parse(
        _ bytes: UnsafeBufferPointer<UInt8>,
        limits: JSONLimits = .standard
    ) throws(MartletError) -> JSONValue {
        guard bytes.count <= limits.bytes else {
            throw MartletError(
                .payloadTooLarge,
                "The JSON document has \(bytes.count) bytes; at most \(limits.bytes) are accepted."
            )
        }
        var reader = JSONReader(bytes)
        reader.allowsNonFinite = limits.allowsNonFinite
        let value = try reader.readValue(depth: limits.depth)
        try reader.expectEnd()
        return value
    }

    /// Parses one document from any bytes.
    package static func parse(
        _ bytes: some Collection<UInt8>,
        limits: JSONLimits = .standard
    ) throws(MartletError) -> JSONValue {
        let result = bytes.withContiguousStorageIfAvailable { buffer in
            Result { () throws(MartletError) in try parse(buffer, limits: limits) }
        }
        if let result { return try result.get() }
        let copy = Array(bytes)
        return try copy.withUnsafeBufferPointer { (buffer) throws(MartletError) in try parse(buffer, limits: limits) }
    }

    /// Parses one document from text.
    package static func parse(_ text: String, limits: JSONLimits = .standard) throws(MartletError) -> JSONValue {
        try parse(Array(text.utf8), limits: limits)
    }
}

extension JSONReader {
    /// Reads one value of any kind, at most `depth` levels deep.
    package mutating func readValue(depth: Int = CoreLimits.jsonDepth) throws(MartletError) -> JSONValue {
        switch peek() {
        case 0x22: return .string(try readString())
        case 0x7B:
            guard depth > 0 else { throw tooDeep() }
            return .object(try readObject(depth: depth - 1))
        case 0x5B:
            guard depth > 0 else { throw tooDeep() }
            return .array(try readArray(depth: depth - 1))
        case 0x74, 0x66: return .bool(try readBool())
        case 0x6E where takeNull(): return .null
        case nil: throw unexpected("a value")
        default: return try readNumber()
        }
    }

    private mutating func readObject(depth: Int) throws(MartletError) -> JSONObject {
        try expect(0x7B)
        var object = JSONObject()
        if take(0x7D) { return object }
        repeat {
            let key = try readString()
            guard object[key] == nil else {
                throw MartletError(
                    .invalidArgument,
                    "Malformed JSON at byte \(offset): the key '\(key.prefix(100))' appears twice."
                )
            }
            try expect(0x3A)
            object[key] = try readValue(depth: depth)
        } while take(0x2C)
        try expect(0x7D)
        return object
    }

    private mutating func readArray(depth: Int) throws(MartletError) -> [JSONValue] {
        try expect(0x5B)
        var elements: [JSONValue] = []
        if take(0x5D) { return elements }
        repeat { elements.append(try readValue(depth: depth)) } while take(0x2C)
        try expect(0x5D)
        return elements
    }
}
