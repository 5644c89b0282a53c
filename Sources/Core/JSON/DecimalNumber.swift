/// A decimal number as scanned: `mantissa * 10^exponent`, and whether all its digits are in the mantissa.
struct DecimalNumber {
    /// The first nineteen significant digits.
    var mantissa: UInt64 = 0
    /// The power of ten of the mantissa's last digit.
    var exponent = 0
    /// Whether there is a minus sign.
    var isNegative = false
    /// Whether the mantissa has every significant digit.
    var isExact = true

    /// The nearest double, or nil when only a longer computation finds it.
    ///
    /// Clinger's fast path where both parts are exact doubles, else Eisel and Lemire's method; both round correctly.
    @inline(__always)
    var nearest: Double? {
        guard isExact else { return nil }
        if mantissa < 1 << 53, exponent >= -22, exponent <= 22 {
            let power = Self.exactPowers[abs(exponent)]
            let value = exponent < 0 ? Double(mantissa) / power : Double(mantissa) * power
            return isNegative ? -value : value
        }
        guard let bits = Self.eiselLemire(mantissa, exponent) else { return nil }
        return Double(bitPattern: isNegative ? bits | 1 << 63 : bits)
    }

    private static let exactPowers: [Double] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19,
        1e20, 1e21, 1e22,
    ]

    /// The bits of the double nearest to `mantissa * 10^exponent`, for exponents in the table; those never give a
    /// subnormal number or an infinity.
    static func eiselLemire(_ mantissa: UInt64, _ exponent: Int) -> UInt64? {
        guard mantissa != 0 else { return 0 }
        guard DecimalPowers.exponents.contains(exponent) else { return nil }
        let place = (exponent - DecimalPowers.exponents.lowerBound) * 2
        let zeros = mantissa.leadingZeroBitCount
        let shifted = mantissa << UInt64(zeros)
        var (high, low) = shifted.multipliedFullWidth(by: DecimalPowers.words[place])
        if high & 0x1FF == 0x1FF {
            let (correction, _) = shifted.multipliedFullWidth(by: DecimalPowers.words[place + 1])
            let (sum, carries) = low.addingReportingOverflow(correction)
            low = sum
            if carries { high += 1 }
        }
        let upper = high >> 63
        let shift = upper + 9
        var bits = high >> shift
        // floor(q * log2(10)) + 63, exact for these exponents.
        var binary = Int64((217_706 * exponent) >> 16) + 63 + Int64(upper) - Int64(zeros) + 1023
        // Exactly between two doubles: only then is the lower half zero, and only for small powers of five.
        if low <= 1, exponent >= -4, exponent <= 23, bits & 3 == 1, bits << shift == high { bits &= ~1 }
        bits = (bits + (bits & 1)) >> 1
        if bits >= 1 << 53 {
            bits = 1 << 52
            binary += 1
        }
        return bits & ~(1 << 52) | UInt64(binary) << 52
    }
}
