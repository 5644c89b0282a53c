#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension JSONReader {
    /// Reads a number as a double; magnitudes past the range are refused.
    @inline(__always)
    package mutating func readDouble() throws(MartletError) -> Double {
        _ = peek()
        let start = offset
        guard let scanned = scanNumber() else {
            offset = start
            return try readUnusualDouble()
        }
        if let value = scanned.number.nearest { return value }
        return try longWay(start)
    }

    /// Reads a number: `.integer` when it is written without fraction and exponent and fits, else `.number`.
    ///
    /// Digits become the nearest double by `DecimalNumber`; what that leaves open goes to `strtod`.
    package mutating func readNumber() throws(MartletError) -> JSONValue {
        _ = peek()
        let start = offset
        guard let (number, isWhole) = scanNumber() else {
            offset = start
            return try readUnusualNumber()
        }
        if isWhole, number.isExact, let whole = Self.signed(number.mantissa, number.isNegative) {
            return .integer(whole)
        }
        if let value = number.nearest { return .number(value) }
        return .number(try longWay(start))
    }

    /// Reads an array of numbers, `null` (missing, NaN) and truth values (1 and 0) as 32-bit floats; returns how many.
    ///
    /// - Throws: `invalidArgument` for anything else and for numbers past the range of a 32-bit float, and what
    ///   `tooMany` makes when `values` would grow past `limit`.
    package mutating func readFloats(
        into values: inout [Float],
        upTo limit: Int,
        tooMany: () -> MartletError
    ) throws(MartletError) -> Int {
        try expect(0x5B)
        if take(0x5D) { return 0 }
        let start = values.count
        repeat {
            guard values.count < limit else { throw tooMany() }
            values.append(try readFloat())
        } while take(0x2C)
        try expect(0x5D)
        return values.count - start
    }

    /// Reads a number, `null` (missing, NaN) or truth value (1 or 0) as a 32-bit float.
    @inline(__always)
    package mutating func readFloat() throws(MartletError) -> Float {
        _ = peek()
        let start = offset
        if let scanned = scanNumber(), let value = scanned.number.nearest {
            let float = Float(value)
            if float.isFinite { return float }
        }
        offset = start
        return try readUnusualFloat()
    }

    @inline(never)
    private mutating func readUnusualFloat() throws(MartletError) -> Float {
        switch peek() {
        case 0x6E where takeNull(): return .nan
        case 0x74, 0x66: return try readBool() ? 1 : 0
        default:
            let value = Float(try readDouble())
            guard value.isFinite || (allowsNonFinite && value.isNaN) else {
                throw MartletError(
                    .invalidArgument,
                    "The number before byte \(offset) is too large for a 32-bit number; use null for missing."
                )
            }
            return value
        }
    }

    /// Scans a number in plain form and moves past it; nil, at no certain place, for anything else.
    @inline(__always)
    private mutating func scanNumber() -> (number: DecimalNumber, isWhole: Bool)? {
        var number = DecimalNumber()
        let end = bytes.count
        var position = offset
        if position < end, bytes[position] == 0x2D {
            number.isNegative = true
            position += 1
        }
        let first = position
        while position < end, bytes[position] &- 0x30 < 10 {
            number.mantissa = number.mantissa &* 10 &+ UInt64(bytes[position] &- 0x30)
            position += 1
        }
        var digits = position - first
        guard digits > 0, bytes[first] != 0x30 || digits == 1 else { return nil }
        var isWhole = true
        if position < end, bytes[position] == 0x2E {
            isWhole = false
            position += 1
            let point = position
            while position < end, bytes[position] &- 0x30 < 10 {
                number.mantissa = number.mantissa &* 10 &+ UInt64(bytes[position] &- 0x30)
                position += 1
            }
            guard position > point else { return nil }
            number.exponent = point - position
            digits += position - point
        }
        // Nineteen digits always fit, and zeros before them do not count.
        if digits > 19 { number.isExact = digits - leadingZeros(first, position) <= 19 }
        if position < end, bytes[position] | 0x20 == 0x65 {
            isWhole = false
            guard let exponent = Self.scanExponent(bytes, &position) else { return nil }
            number.exponent += exponent
        }
        offset = position
        return (number, isWhole)
    }

    @inline(never)
    private func leadingZeros(_ first: Int, _ end: Int) -> Int {
        var zeros = 0
        for position in first..<end where bytes[position] != 0x2E {
            guard bytes[position] == 0x30 else { break }
            zeros += 1
        }
        return zeros
    }

    private static func scanExponent(_ bytes: UnsafeBufferPointer<UInt8>, _ position: inout Int) -> Int? {
        position += 1
        var isNegative = false
        if position < bytes.count, bytes[position] == 0x2B || bytes[position] == 0x2D {
            isNegative = bytes[position] == 0x2D
            position += 1
        }
        let first = position
        var value = 0
        while position < bytes.count, bytes[position] &- 0x30 < 10 {
            if value < 100_000 { value = value * 10 + Int(bytes[position] - 0x30) }
            position += 1
        }
        guard position > first else { return nil }
        return isNegative ? -value : value
    }

    private static func signed(_ mantissa: UInt64, _ negative: Bool) -> Int64? {
        if negative { return mantissa == 0 ? nil : Int64(exactly: -Int128(mantissa)) }
        return Int64(exactly: mantissa)
    }

    private mutating func readUnusualDouble() throws(MartletError) -> Double {
        switch try readUnusualNumber() {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: throw unexpected("a number")
        }
    }

    /// The tokens that Python's json module emits for non-finite numbers, where they are allowed, and the errors.
    @inline(never)
    private mutating func readUnusualNumber() throws(MartletError) -> JSONValue {
        let start = offset
        var position = offset
        let negative = position < bytes.count && bytes[position] == 0x2D
        if negative { position += 1 }
        if allowsNonFinite, let word = nonFinite(negative: negative, at: position) { return word }
        guard position < bytes.count, isDigit(position) else { throw unexpected("a number") }
        let leading = position
        while isDigit(position) { position += 1 }
        guard bytes[leading] != 0x30 || position == leading + 1 else {
            throw failure("a number must not begin with 0", at: start)
        }
        if position < bytes.count, bytes[position] == 0x2E {
            position += 1
            guard isDigit(position) else { throw failure("a digit must follow the decimal point", at: position) }
            while isDigit(position) { position += 1 }
        }
        if position < bytes.count, bytes[position] | 0x20 == 0x65 {
            guard Self.scanExponent(bytes, &position) != nil else {
                throw failure("a digit must follow the exponent sign", at: position)
            }
        }
        throw unexpected("a number")
    }

    private func isDigit(_ position: Int) -> Bool {
        position < bytes.count && bytes[position] &- 0x30 < 10
    }

    /// The number from `start` to the present place by the C library: more than nineteen digits, or a far exponent.
    @inline(never)
    private func longWay(_ start: Int) throws(MartletError) -> Double {
        // strtod needs a terminated copy.
        var copy = bytes[start..<offset].map { CChar(bitPattern: $0) }
        copy.append(0)
        let value = strtod(copy, nil)
        guard value.isFinite else { throw failure("the number is too large", at: start) }
        return value
    }
}
