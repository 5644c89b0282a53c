/// Numbers as people read them.
package enum ReportNumber {
    /// A number with four significant digits.
    ///
    /// - Parameter value: The number; NaN is a dash.
    /// - Returns: The text.
    package static func text(_ value: Double) -> String { Decimals.number(value) }

    /// A share as a percentage.
    ///
    /// - Parameter share: 0 to 1.
    /// - Returns: The text.
    package static func percent(_ share: Double) -> String { Decimals.percent(share) }
}

/// The rules of `ReportNumber`.
enum Decimals {
    /// A share as a percentage with as many digits as it needs: `0`, `0.04 %`, `12.5 %`, `100 %`.
    static func percent(_ share: Double) -> String {
        "\(number(share * 100, digits: 3)) %"
    }

    /// A number rounded to so many significant digits, without an exponent where that is short.
    static func number(_ value: Double, digits: Int = 4) -> String {
        guard value.isFinite else { return value.isNaN ? "–" : value > 0 ? "∞" : "-∞" }
        guard value != 0 else { return "0" }
        let size = abs(value)
        if size >= 1e15 || size < 1e-5 { return scientific(value, digits: digits) }
        var power = 0
        var bound = 1.0
        while size >= bound * 10 {
            bound *= 10
            power += 1
        }
        while size < bound {
            bound /= 10
            power -= 1
        }
        let places = max(0, min(12, digits - 1 - power))
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let scaled = (size * scale).rounded()
        guard scaled < 9e15 else { return scientific(value, digits: digits) }
        let sign = value < 0 && scaled > 0 ? "-" : ""
        let whole = Int64(scaled / scale)
        guard places > 0 else { return sign + String(Int64(scaled)) }
        let units = Int64(scaled) - whole * Int64(scale)
        let fraction = String(units)
        var text = String(repeating: "0", count: places - fraction.count) + fraction
        while text.hasSuffix("0") { text.removeLast() }
        return text.isEmpty ? sign + String(whole) : "\(sign)\(whole).\(text)"
    }

    /// A number with so many places, as in Evidently's sentences.
    static func fixed(_ value: Double, places: Int) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return number(value) }
        var scale = 1.0
        for _ in 0..<places { scale *= 10 }
        let units = Int64((abs(value) * scale).rounded(.toNearestOrEven))
        let fraction = String(units % Int64(scale))
        let padded = String(repeating: "0", count: max(0, places - fraction.count)) + fraction
        return "\(value < 0 && units > 0 ? "-" : "")\(units / Int64(scale)).\(padded)"
    }

    private static func scientific(_ value: Double, digits: Int) -> String {
        var mantissa = abs(value)
        var power = 0
        while mantissa >= 10 {
            mantissa /= 10
            power += 1
        }
        while mantissa < 1 {
            mantissa *= 10
            power -= 1
        }
        let text = number(mantissa, digits: min(digits, 3))
        return "\(value < 0 ? "-" : "")\(text)e\(power)"
    }
}
