import Core

/// Reads a JSON model: models are larger than any request body, so they do not go through `JSONValue`.
struct ModelJSONReader {
    private var reader: JSONReader

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        reader = JSONReader(bytes)
        reader.allowsNonFinite = true
    }

    mutating func readDocument() throws -> ModelDocument {
        do {
            let document = try readValue(depth: RuntimesLimits.documentDepth)
            try reader.expectEnd()
            return document
        } catch let error as MartletError where error.code == .invalidArgument {
            throw MartletError(.dataLoss, "The model file is damaged: \(error.message)")
        }
    }

    private mutating func readValue(depth: Int) throws -> ModelDocument {
        guard depth > 0 else { throw reader.tooDeep() }
        switch reader.peek() {
        case 0x7B: return try readObject(depth: depth - 1)
        case 0x5B: return try readArray(depth: depth - 1)
        case 0x22: return .string(try reader.readString())
        case 0x74, 0x66: return .bool(try reader.readBool())
        case 0x6E where reader.takeNull(): return .null
        default: return .number(try reader.readDouble())
        }
    }

    private mutating func readObject(depth: Int) throws -> ModelDocument {
        try reader.expect(0x7B)
        var members: [String: ModelDocument] = [:]
        if reader.take(0x7D) { return .object(members) }
        repeat {
            let key = try reader.readString()
            try reader.expect(0x3A)
            let value = try readValue(depth: depth)
            guard members.updateValue(value, forKey: key) == nil else {
                throw MartletError(.dataLoss, "The model file is damaged: the key '\(key)' appears twice.")
            }
        } while reader.take(0x2C)
        try reader.expect(0x7D)
        return .object(members)
    }

    private mutating func readArray(depth: Int) throws -> ModelDocument {
        try reader.expect(0x5B)
        var array = ModelArrayBuilder()
        if reader.take(0x5D) { return array.finish() }
        repeat { array.append(try readValue(depth: depth)) } while reader.take(0x2C)
        try reader.expect(0x5D)
        return array.finish()
    }
}
