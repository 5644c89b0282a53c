package import Core

/// Times and durations as protobuf's JSON writes them: RFC 3339, and seconds with an `s`.
package enum TraceTimes {
    /// The moment of a text such as `2026-11-21T08:32:19.590Z`, cut to milliseconds; nil if it is none.
    package static func timestamp(_ text: String) -> Timestamp? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.count <= 40, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"), let year = number(bytes[0..<4]),
            let month = number(bytes[5..<7]), let day = number(bytes[8..<10]), let hour = number(bytes[11..<13]),
            let minute = number(bytes[14..<16]), let second = number(bytes[17..<19]), (1...12).contains(month),
            (1...31).contains(day), hour < 24, minute < 60, second < 60
        else { return nil }
        var rest = bytes[19...]
        var milliseconds: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let digits = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !digits.isEmpty, let value = number((Array(digits.prefix(3)) + [48, 48]).prefix(3)[...]) else {
                return nil
            }
            milliseconds = value
            rest = rest.dropFirst(digits.count + 1)
        }
        guard let offset = offset(Array(rest)) else { return nil }
        let seconds = days(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset
        return Timestamp(milliseconds: seconds * 1000 + milliseconds)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (48...57).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - 48)
        }
        return value
    }

    /// Seconds east of Greenwich.
    private static func offset(_ text: [UInt8]) -> Int64? {
        if text == [UInt8(ascii: "Z")] || text == [UInt8(ascii: "z")] { return 0 }
        guard text.count == 6, text[0] == UInt8(ascii: "+") || text[0] == UInt8(ascii: "-"),
            text[3] == UInt8(ascii: ":"),
            let hours = number(text[1..<3]), let minutes = number(text[4..<6]), hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return text[0] == UInt8(ascii: "-") ? -seconds : seconds
    }

    /// Days since 1970 of a date of the Gregorian calendar (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func days(_ year: Int64, _ month: Int64, _ day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The milliseconds of a text such as `1.5s`, cut; nil if it is none.
    package static func milliseconds(_ text: String) -> Int64? {
        guard text.hasSuffix("s") else { return nil }
        let number = text.dropLast()
        let isNegative = number.hasPrefix("-")
        let parts = (isNegative ? number.dropFirst() : number).split(
            separator: ".",
            maxSplits: 1,
            omittingEmptySubsequences: false
        )
        guard let whole = parts.first, let seconds = self.number(Array(whole.utf8)[...]), !whole.isEmpty,
            whole.utf8.count <= 12
        else { return nil }
        var total = seconds * 1000
        if parts.count == 2 {
            guard !parts[1].isEmpty, parts[1].utf8.count <= 9,
                self.number(Array(parts[1].utf8)[...]) != nil,
                let fraction = self.number((Array(parts[1].utf8) + [48, 48]).prefix(3)[...])
            else { return nil }
            total += fraction
        }
        return isNegative ? -total : total
    }

    /// The text of a duration.
    package static func text(milliseconds: Int64) -> String {
        let (seconds, rest) = milliseconds.magnitude.quotientAndRemainder(dividingBy: 1000)
        let fraction = rest == 0 ? "" : "." + String(String(rest + 1000).dropFirst())
        return "\(milliseconds < 0 ? "-" : "")\(seconds)\(fraction)s"
    }
}
