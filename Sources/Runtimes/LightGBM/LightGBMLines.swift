import Core

/// The lines of a LightGBM model file, each `key=value` or a bare word.
struct LightGBMLines {
    /// One line, as positions in the file.
    struct Line {
        let key: String
        let value: Range<Int>
    }

    private let bytes: UnsafeBufferPointer<UInt8>
    private var offset = 0

    init(_ bytes: UnsafeBufferPointer<UInt8>) {
        self.bytes = bytes
    }

    /// The next line that is not empty; nil at the end.
    mutating func next() throws -> Line? {
        while offset < bytes.count {
            let start = offset
            while offset < bytes.count, bytes[offset] != UInt8(ascii: "\n") { offset += 1 }
            var end = offset
            offset = min(bytes.count, offset + 1)
            if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
            guard end > start else { continue }
            var middle = start
            while middle < end, bytes[middle] != UInt8(ascii: "=") { middle += 1 }
            let key = UnsafeBufferPointer(rebasing: bytes[start..<middle])
            guard let key = String(validating: key, as: UTF8.self) else {
                throw MartletError(.dataLoss, "The LightGBM model is damaged: a line at byte \(start) is no text.")
            }
            return Line(key: key, value: min(middle + 1, end)..<end)
        }
        return nil
    }

    /// The value as text.
    func text(_ line: Line) throws -> String {
        let value = UnsafeBufferPointer(rebasing: bytes[line.value])
        guard let text = String(validating: value, as: UTF8.self) else { throw damaged(line) }
        return text
    }

    /// The value as one integer.
    func whole(_ line: Line, in range: ClosedRange<Int>) throws -> Int {
        guard let value = Int(try text(line)), range.contains(value) else { throw damaged(line) }
        return value
    }

    /// The value as numbers with spaces between them; `inf`, which every number is below, as the largest one.
    func numbers(_ line: Line) throws -> [Double] {
        if bytes[line.value].contains(UInt8(ascii: "i")) {
            return try text(line).split(separator: " ").map { word -> Double in
                switch word {
                case "inf": return .greatestFiniteMagnitude
                case "-inf": return -.greatestFiniteMagnitude
                default:
                    guard let number = Double(word), number.isFinite else { throw damaged(line) }
                    return number
                }
            }
        }
        var reader = JSONReader(UnsafeBufferPointer(rebasing: bytes[line.value]))
        var numbers: [Double] = []
        do {
            while reader.peek() != nil { numbers.append(try reader.readDouble()) }
        } catch {
            throw damaged(line)
        }
        return numbers
    }

    /// The value as integers with spaces between them.
    func integers(_ line: Line) throws -> [Int] {
        var (numbers, number, digits, isNegative): ([Int], Int, Int, Bool) = ([], 0, 0, false)
        for byte in bytes[line.value] {
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9") where digits < 18:
                number = number * 10 + Int(byte - UInt8(ascii: "0"))
                digits += 1
            case UInt8(ascii: "-") where digits == 0 && !isNegative: isNegative = true
            case UInt8(ascii: " ") where digits > 0:
                numbers.append(isNegative ? -number : number)
                (number, digits, isNegative) = (0, 0, false)
            case UInt8(ascii: " ") where !isNegative: continue
            default: throw damaged(line)
            }
        }
        guard digits > 0 || !isNegative else { throw damaged(line) }
        if digits > 0 { numbers.append(isNegative ? -number : number) }
        return numbers
    }

    private func damaged(_ line: Line) -> MartletError {
        MartletError(
            .dataLoss,
            "The LightGBM model is damaged: '\(line.key.prefix(40))' at byte \(line.value.lowerBound) is not what it should be."
        )
    }
}
