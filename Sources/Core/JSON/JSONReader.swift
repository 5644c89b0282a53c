/// A pull parser over JSON bytes (RFC 8259) that allocates only for strings: for request bodies on hot paths.
///
/// Call the method for the value that must come next; each throws `invalidArgument` with the byte offset when
/// something else stands there. Depth is bounded by the caller's structure, except `skipValue`, which counts it.
/// The buffer must outlive the reader.
package struct JSONReader {
    /// The document.
    package let bytes: UnsafeBufferPointer<UInt8>
    /// Where the next byte is read.
    package internal(set) var offset = 0
    /// Accepts the bare tokens `NaN`, `Infinity` and `-Infinity`, which Python's json module emits.
    package var allowsNonFinite = false

    /// Starts at the first byte of `bytes`.
    package init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// Skips white space and says which byte comes next; nil at the end.
    @inline(__always)
    package mutating func peek() -> UInt8? {
        while offset < bytes.count {
            let byte = bytes[offset]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return byte }
            offset += 1
        }
        return nil
    }

    /// Consumes `byte` when it comes next.
    @inline(__always)
    package mutating func take(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        offset += 1
        return true
    }

    /// Consumes `byte` or throws.
    @inline(__always)
    package mutating func expect(_ byte: UInt8) throws(MartletError) {
        guard take(byte) else { throw unexpected("'\(Character(Unicode.Scalar(byte)))'") }
    }

    /// Throws unless only white space is left.
    package mutating func expectEnd() throws(MartletError) {
        guard peek() == nil else { throw unexpected("the end of the document") }
    }

    /// Reads a string and resolves its escapes.
    package mutating func readString() throws(MartletError) -> String {
        guard peek() == 0x22 else { throw unexpected("a string") }
        let start = offset + 1
        var end = start
        while end < bytes.count, bytes[end] != 0x22, bytes[end] != 0x5C, bytes[end] >= 0x20 { end += 1 }
        guard end < bytes.count else { throw failure("the string is not closed", at: start - 1) }
        if bytes[end] == 0x22 {
            offset = end + 1
            guard let text = String(validating: UnsafeBufferPointer(rebasing: bytes[start..<end]), as: UTF8.self) else {
                throw failure("the string is not valid UTF-8", at: start)
            }
            return text
        }
        return try readEscapedString(from: start)
    }

    /// Reads `true` or `false`.
    package mutating func readBool() throws(MartletError) -> Bool {
        _ = peek()
        if takeWord("true") { return true }
        if takeWord("false") { return false }
        throw unexpected("true or false")
    }

    /// Consumes `null` when it comes next.
    package mutating func takeNull() -> Bool {
        peek() == 0x6E && takeWord("null")
    }

    mutating func nonFinite(negative: Bool, at position: Int) -> JSONValue? {
        let saved = offset
        offset = position
        if !negative, takeWord("NaN") { return .number(.nan) }
        if takeWord("Infinity") { return .number(negative ? -.infinity : .infinity) }
        offset = saved
        return nil
    }

    /// Skips one value of any kind, at most `depth` levels deep.
    package mutating func skipValue(depth: Int = CoreLimits.jsonDepth) throws(MartletError) {
        switch peek() {
        case 0x22: _ = try readString()
        case 0x7B:
            guard depth > 0 else { throw tooDeep() }
            offset += 1
            if take(0x7D) { return }
            repeat {
                _ = try readString()
                try expect(0x3A)
                try skipValue(depth: depth - 1)
            } while take(0x2C)
            try expect(0x7D)
        case 0x5B:
            guard depth > 0 else { throw tooDeep() }
            offset += 1
            if take(0x5D) { return }
            repeat { try skipValue(depth: depth - 1) } while take(0x2C)
            try expect(0x5D)
        case 0x74, 0x66: _ = try readBool()
        case 0x6E where takeNull(): break
        default: _ = try readNumber()
        }
    }

    /// The error for nesting past the limit.
    package func tooDeep() -> MartletError {
        failure("the document is nested more than \(CoreLimits.jsonDepth) levels deep", at: offset)
    }

    /// The error that says what was expected at the present place.
    package func unexpected(_ what: String) -> MartletError {
        failure("expected \(what)" + (offset >= bytes.count ? " before the end" : ""), at: offset)
    }

    func failure(_ what: String, at offset: Int) -> MartletError {
        MartletError(.invalidArgument, "Malformed JSON at byte \(offset): \(what).")
    }

    private mutating func takeWord(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - offset >= count else { return false }
        for index in 0..<count where bytes[offset + index] != word.utf8Start[index] { return false }
        offset += count
        return true
    }
}

extension JSONReader {
    private mutating func readEscapedString(from start: Int) throws(MartletError) -> String {
        var text: [UInt8] = []
        var position = start
        while position < bytes.count {
            let byte = bytes[position]
            switch byte {
            case 0x22:
                offset = position + 1
                guard let string = String(validating: text, as: UTF8.self) else {
                    throw failure("the string is not valid UTF-8", at: start)
                }
                return string
            case 0x5C:
                position = try unescape(at: position + 1, into: &text)
            case 0..<0x20:
                throw failure("a control character must be escaped", at: position)
            default:
                text.append(byte)
                position += 1
            }
        }
        throw failure("the string is not closed", at: start - 1)
    }

    private func unescape(at position: Int, into text: inout [UInt8]) throws(MartletError) -> Int {
        guard position < bytes.count else { throw failure("the string is not closed", at: position) }
        switch bytes[position] {
        case 0x22: text.append(0x22)
        case 0x5C: text.append(0x5C)
        case 0x2F: text.append(0x2F)
        case 0x62: text.append(0x08)
        case 0x66: text.append(0x0C)
        case 0x6E: text.append(0x0A)
        case 0x72: text.append(0x0D)
        case 0x74: text.append(0x09)
        case 0x75: return try unescapeUnicode(at: position + 1, into: &text)
        default: throw failure("unknown escape", at: position)
        }
        return position + 1
    }

    private func unescapeUnicode(at position: Int, into text: inout [UInt8]) throws(MartletError) -> Int {
        let first = try hexadecimal(at: position)
        var scalar = UInt32(first)
        var next = position + 4
        if first >= 0xD800, first < 0xDC00 {
            guard next + 1 < bytes.count, bytes[next] == 0x5C, bytes[next + 1] == 0x75 else {
                throw failure("a surrogate must come in a pair", at: position)
            }
            let second = try hexadecimal(at: next + 2)
            guard second >= 0xDC00, second < 0xE000 else {
                throw failure("a surrogate must come in a pair", at: position)
            }
            scalar = 0x10000 + (UInt32(first) - 0xD800) << 10 + (UInt32(second) - 0xDC00)
            next += 6
        }
        guard let unicode = Unicode.Scalar(scalar) else {
            throw failure("a surrogate must come in a pair", at: position)
        }
        text.append(contentsOf: Character(unicode).utf8)
        return next
    }

    private func hexadecimal(at position: Int) throws(MartletError) -> UInt16 {
        guard bytes.count - position >= 4 else {
            throw failure("four hexadecimal digits must follow \\u", at: position)
        }
        var value: UInt16 = 0
        for index in position..<position + 4 {
            let byte = bytes[index]
            let digit: UInt8
            switch byte {
            case 0x30...0x39: digit = byte - 0x30
            case 0x41...0x46: digit = byte - 0x41 + 10
            case 0x61...0x66: digit = byte - 0x61 + 10
            default: throw failure("four hexadecimal digits must follow \\u", at: position)
            }
            value = value << 4 | UInt16(digit)
        }
        return value
    }
}
