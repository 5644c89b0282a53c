/// A date, with a time or without, as ISO 8601 writes it: `2026-11-22`, `2026-11-22T09:30:00.5+01:00`.
struct WrittenMoment {
    let year: Int
    let month: Int
    let day: Int
    private(set) var hour = 0
    private(set) var minute = 0
    private var second = 0.0
    /// What the clock on the wall is ahead of UTC, in minutes; a time without a zone is UTC.
    private var offset = 0

    /// Reads a date; nil for anything else, also for days that the calendar does not have.
    init?(_ text: String) {
        let bytes = Array(text.utf8.prefix(40))
        guard bytes.count < 40, bytes.count >= 10, bytes[4] == 0x2D, bytes[7] == 0x2D,
            let year = Self.digits(bytes[0..<4]), let month = Self.digits(bytes[5..<7]),
            let day = Self.digits(bytes[8..<10]), year >= 1, (1...12).contains(month), day >= 1,
            day <= Self.days(in: month, of: year)
        else { return nil }
        (self.year, self.month, self.day) = (year, month, day)
        guard bytes.count > 10 else { return }
        guard bytes[10] == 0x54 || bytes[10] == 0x74 || bytes[10] == 0x20, readTime(bytes[11...]) else { return nil }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    var seconds: Double {
        let minutes = Double(Self.dayNumber(year, month, day)) * 1440 + Double(hour * 60 + minute - offset)
        return minutes * 60 + second
    }

    /// 1 for Monday to 7 for Sunday, as written.
    var weekday: Int {
        // 1970-01-01 was a Thursday.
        let shifted = (Self.dayNumber(year, month, day) + 3) % 7
        return (shifted < 0 ? shifted + 7 : shifted) + 1
    }

    private mutating func readTime(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        guard let hour = Self.two(&rest), hour <= 23, rest.popFirst() == 0x3A, let minute = Self.two(&rest),
            minute <= 59
        else { return false }
        (self.hour, self.minute) = (hour, minute)
        if rest.first == 0x3A {
            rest.removeFirst()
            guard let whole = Self.two(&rest), whole <= 59 else { return false }
            second = Double(whole)
            if rest.first == 0x2E {
                rest.removeFirst()
                let digits = rest.prefix { $0 &- 0x30 < 10 }
                guard (1...9).contains(digits.count), let value = Self.digits(digits) else { return false }
                var scale = 1.0
                for _ in digits { scale *= 10 }
                second += Double(value) / scale
                rest = rest.dropFirst(digits.count)
            }
        }
        return readZone(rest)
    }

    private mutating func readZone(_ bytes: ArraySlice<UInt8>) -> Bool {
        var rest = bytes
        guard let sign = rest.popFirst() else { return true }
        if sign == 0x5A || sign == 0x7A { return rest.isEmpty }
        guard sign == 0x2B || sign == 0x2D, let hours = Self.two(&rest), hours <= 23 else { return false }
        if rest.first == 0x3A { rest.removeFirst() }
        var minutes = 0
        if !rest.isEmpty {
            guard let read = Self.two(&rest), read <= 59, rest.isEmpty else { return false }
            minutes = read
        }
        offset = (hours * 60 + minutes) * (sign == 0x2D ? -1 : 1)
        return true
    }

    private static func two(_ bytes: inout ArraySlice<UInt8>) -> Int? {
        guard bytes.count >= 2, let value = digits(bytes.prefix(2)) else { return nil }
        bytes = bytes.dropFirst(2)
        return value
    }

    private static func digits(_ bytes: ArraySlice<UInt8>) -> Int? {
        var value = 0
        for byte in bytes {
            guard byte &- 0x30 < 10 else { return nil }
            value = value * 10 + Int(byte &- 0x30)
        }
        return value
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The number of a day, 0 = 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func dayNumber(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let shifted = month <= 2 ? year - 1 : year
        let era = shifted / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

/// Dates as expressions read them.
package enum ExpressionDate {
    /// The number of the day that a text such as `2026-11-22` names, 0 = 1970-01-01; nil when it names none.
    package static func day(_ text: String) -> Int64? {
        WrittenMoment(text).map { Int64(($0.seconds / 86_400).rounded(.down)) }
    }
}
