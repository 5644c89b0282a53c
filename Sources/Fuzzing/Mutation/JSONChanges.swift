/// Changes of whole JSON values, so that the rest of a document stays in form.
extension Mutator {
    private static let values: [[UInt8]] = [
        "null", "true", "false", "[]", "{}", "\"\"", "[[]]", "[null]", "[{}]", "{\"\":0}", "\"a\\u0000b\"",
        "\"\\ud800\"", "\"\\ud83d\\ude00\"", "\"../../etc/passwd\"", "[1,\"a\",null,[2]]", "[[1],[2,3]]", "[1,2,3,4]",
        "[[1,2],[3,4]]", "1.0", "-0.0", "\"1\"", "\"NaN\"", "{\"b64\":\"AA==\"}",
    ].map { Array($0.utf8) }

    /// Changes one value of a document.
    mutating func changeJSON(_ bytes: inout [UInt8], _ corpus: [[UInt8]]) {
        let spans = Self.values(in: bytes)
        guard !spans.isEmpty else {
            changeBytes(&bytes, corpus)
            return
        }
        let span = any(spans)
        let value = Array(bytes[span])
        switch number(below: 9) {
        case 0: bytes.replaceSubrange(span, with: any(Self.values))
        case 1: bytes.replaceSubrange(span, with: word())
        case 2: bytes.replaceSubrange(span, with: bytes[any(spans)])
        case 3: bytes.replaceSubrange(span, with: [0x5B] + value + [0x5D])
        case 4: bytes.replaceSubrange(span, with: value + [0x2C] + value)
        case 5: bytes.replaceSubrange(span, with: [0x22] + word() + [0x22])
        case 6:
            // The value and the comma behind it, or before it.
            var (first, last) = (span.lowerBound, span.upperBound)
            if last < bytes.count, bytes[last] == 0x2C {
                last += 1
            } else if first > 0, bytes[first - 1] == 0x2C {
                first -= 1
            }
            bytes.removeSubrange(first..<last)
        case 7:
            let other = any(corpus)
            let theirs = Self.values(in: other)
            guard !theirs.isEmpty else { return }
            bytes.replaceSubrange(span, with: other[any(theirs)])
        default:
            let depth = oneIn(3) ? 62 + number(below: 6) : number(below: 20)
            let nested = [UInt8](repeating: 0x5B, count: depth) + value + [UInt8](repeating: 0x5D, count: depth)
            bytes.replaceSubrange(span, with: nested)
        }
    }

    /// Where the values and keys of a document stand; of what is no JSON, as far as it looks like it.
    static func values(in bytes: [UInt8]) -> [Range<Int>] {
        var spans: [Range<Int>] = []
        var open: [Int] = []
        var at = 0
        while at < bytes.count, spans.count < 4096 {
            let start = at
            at += 1
            switch bytes[start] {
            case 0x5B, 0x7B: open.append(start)
            case 0x5D, 0x7D: if let first = open.popLast() { spans.append(first..<at) }
            case 0x22:
                while at < bytes.count, bytes[at] != 0x22 { at += bytes[at] == 0x5C ? 2 : 1 }
                at = Swift.min(at + 1, bytes.count)
                spans.append(start..<at)
            case 0x2D, 0x30...0x39, 0x41...0x5A, 0x61...0x7A:
                while at < bytes.count, isScalar(bytes[at]) { at += 1 }
                spans.append(start..<at)
            default: break
            }
        }
        return spans
    }

    private static func isScalar(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x2B, 0x2D, 0x2E, 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
        default: false
        }
    }
}
