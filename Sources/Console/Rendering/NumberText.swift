/// Numbers as people read them: few digits, units chosen by size, never `nan` or twelve decimals.
package enum NumberText {
    /// What stands for a missing value.
    package static let missing = "–"

    /// A measured value with about four significant digits: `0.9816`, `12,345`, `3.2e-7`.
    package static func value(_ value: Double) -> String {
        guard value.isFinite else { return value.isNaN ? missing : (value > 0 ? "∞" : "−∞") }
        let size = abs(value)
        if size == 0 { return "0" }
        if size < 0.0001 || size >= 1e15 { return exponent(value) }
        if value == value.rounded(), size < 1e15 { return grouped(value) }
        if size >= 10_000 { return fixed(value, 0) }
        if size >= 100 { return trimmed(fixed(value, 1)) }
        if size >= 10 { return trimmed(fixed(value, 2)) }
        return trimmed(fixed(value, size >= 1 ? 3 : (size >= 0.01 ? 4 : 5)))
    }

    /// A whole number with thousands separated by commas.
    package static func count(_ value: Int64) -> String {
        let digits = String(value.magnitude)
        var result = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { result.append(",") }
            result.append(digit)
        }
        return value < 0 ? "−" + result : result
    }

    /// A whole number with thousands separated by commas.
    package static func count(_ value: Int) -> String {
        count(Int64(value))
    }

    /// A share between 0 and 1 as a percentage: `0.0123` is `1.23%`.
    package static func percent(_ share: Double) -> String {
        guard share.isFinite else { return missing }
        let scaled = share * 100
        let size = abs(scaled)
        if size == 0 { return "0%" }
        if size < 0.01 { return scaled > 0 ? "<0.01%" : "0%" }
        return trimmed(fixed(scaled, size >= 99.95 || size >= 10 ? 1 : 2)) + "%"
    }

    /// Seconds as latency: `820 µs`, `3.4 ms`, `1.25 s`.
    package static func latency(seconds: Double) -> String {
        guard seconds.isFinite else { return missing }
        if seconds == 0 { return "0 ms" }
        if seconds < 0.001 { return fixed(seconds * 1e6, 0) + " µs" }
        if seconds < 1 {
            let milliseconds = seconds * 1000
            return trimmed(fixed(milliseconds, milliseconds < 10 ? 2 : (milliseconds < 100 ? 1 : 0))) + " ms"
        }
        return trimmed(fixed(seconds, seconds < 10 ? 2 : 1)) + " s"
    }

    /// Events per second: `48.2`, `0.4`, `1,204`.
    package static func rate(_ perSecond: Double) -> String {
        guard perSecond.isFinite else { return missing }
        if perSecond >= 100 { return fixed(perSecond, 0) }
        return trimmed(fixed(perSecond, 1))
    }

    /// A size in binary units: `512 B`, `1.4 MiB`.
    package static func bytes(_ bytes: Int64) -> String {
        let units = ["B", "KiB", "MiB", "GiB", "TiB"]
        var value = Double(bytes)
        var unit = 0
        while value >= 1024, unit < units.count - 1 {
            value /= 1024
            unit += 1
        }
        return (unit == 0 ? count(bytes) : trimmed(fixed(value, value < 10 ? 1 : 0))) + " " + units[unit]
    }

    /// A number with exactly `decimals` decimals and grouped thousands; `decimals` at most 9.
    package static func fixed(_ value: Double, _ decimals: Int) -> String {
        let places = min(max(decimals, 0), 9)
        var factor: Int64 = 1
        for _ in 0..<places { factor *= 10 }
        guard let scaled = Int64(exactly: (value * Double(factor)).rounded()) else { return exponent(value) }
        let (whole, part) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(factor))
        let sign = scaled < 0 ? "−" : ""
        guard places > 0 else { return sign + count(Int64(clamping: whole)) }
        let digits = String(part)
        return sign + count(Int64(clamping: whole)) + "." + String(repeating: "0", count: places - digits.count)
            + digits
    }

    private static func grouped(_ value: Double) -> String {
        guard let whole = Int64(exactly: value) else { return exponent(value) }
        return count(whole)
    }

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var result = Substring(text)
        while result.last == "0" { result = result.dropLast() }
        if result.last == "." { result = result.dropLast() }
        return String(result)
    }

    private static func exponent(_ value: Double) -> String {
        var mantissa = abs(value)
        var power = 0
        while mantissa >= 9.995, power < 400 {
            mantissa /= 10
            power += 1
        }
        while mantissa < 0.9995, mantissa > 0, power > -400 {
            mantissa *= 10
            power -= 1
        }
        return (value < 0 ? "−" : "") + trimmed(fixed(mantissa, 2)) + "e" + (power < 0 ? "−" : "") + String(abs(power))
    }
}
