/// Numbers as people read them: few digits, no trailing zeros.
package enum NumberText {
    /// A number in at most four significant digits.
    package static func short(_ value: Double) -> String {
        guard value.isFinite else { return "missing" }
        guard value != 0 else { return "0" }
        let size = abs(value)
        if size >= 100_000 || size < 0.0001 { return scientific(value) }
        let digits = size >= 100 ? 1 : size >= 10 ? 2 : size >= 1 ? 3 : 4
        return trimmed(value, digits)
    }

    private static func scientific(_ value: Double) -> String {
        var (mantissa, exponent) = (value, 0)
        while abs(mantissa) >= 10 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        while abs(mantissa) < 1, exponent > -400 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        return "\(trimmed(mantissa, 2))e\(exponent)"
    }

    /// A number with at most `digits` decimals.
    package static func trimmed(_ value: Double, _ digits: Int) -> String {
        let scale = (0..<digits).reduce(1.0) { scale, _ in scale * 10 }
        let scaled = (value * scale).rounded() / scale
        let rounded = scaled.isFinite || !value.isFinite ? scaled : value
        let text = "\(rounded == 0 ? 0 : rounded)"
        return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
    }
}
