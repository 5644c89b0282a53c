/// A moment as milliseconds since 1970-01-01T00:00:00Z: the unit of MLflow's wire format and of every time column.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Milliseconds since 1970.
    package let milliseconds: Int64

    /// Wraps milliseconds since 1970.
    package init(milliseconds: Int64) {
        self.milliseconds = milliseconds
    }

    package static func < (left: Timestamp, right: Timestamp) -> Bool {
        left.milliseconds < right.milliseconds
    }

    /// The moment `duration` later, clamped at the ends of the range.
    package static func + (left: Timestamp, duration: Duration) -> Timestamp {
        let (sum, overflow) = left.milliseconds.addingReportingOverflow(duration.wholeMilliseconds)
        guard overflow else { return Timestamp(milliseconds: sum) }
        return Timestamp(milliseconds: duration.wholeMilliseconds > 0 ? .max : .min)
    }

    /// The moment `duration` earlier, clamped at the ends of the range.
    package static func - (left: Timestamp, duration: Duration) -> Timestamp {
        left + (.zero - duration)
    }

    /// The time that passed from `right` to `left`, clamped at the ends of the range.
    package static func - (left: Timestamp, right: Timestamp) -> Duration {
        let (difference, overflow) = left.milliseconds.subtractingReportingOverflow(right.milliseconds)
        guard overflow else { return .milliseconds(difference) }
        return .milliseconds(left > right ? Int64.max : Int64.min)
    }

    /// RFC 3339 in UTC with milliseconds, such as `2026-11-21T08:32:19.590Z`; years outside 0 to 9999 print as written by the calendar.
    package var iso8601: String {
        let (days, rest) = Self.floorDivide(milliseconds, 86_400_000)
        let date = Self.civil(fromDays: days)
        let seconds = rest / 1000
        return "\(Self.padded(date.year, 4))-\(Self.padded(date.month, 2))-\(Self.padded(date.day, 2))"
            + "T\(Self.padded(seconds / 3600, 2)):\(Self.padded(seconds / 60 % 60, 2)):\(Self.padded(seconds % 60, 2))"
            + ".\(Self.padded(rest % 1000, 3))Z"
    }

    private static func floorDivide(_ value: Int64, _ by: Int64) -> (Int64, Int64) {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
        return remainder < 0 ? (quotient - 1, remainder + by) : (quotient, remainder)
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let text = String(value)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }

    /// Proleptic Gregorian date of a day number, 0 = 1970-01-01 (Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    private static func civil(fromDays days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let (era, dayOfEra) = floorDivide(shifted, 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }
}

extension Duration {
    /// Whole milliseconds, clamped to `Int64`.
    package var wholeMilliseconds: Int64 {
        let (seconds, attoseconds) = components
        let (scaled, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        guard !overflow else { return seconds > 0 ? .max : .min }
        let (sum, past) = scaled.addingReportingOverflow(attoseconds / 1_000_000_000_000_000)
        return past ? (seconds > 0 ? .max : .min) : sum
    }

    /// Seconds as a floating-point number.
    package var inSeconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds) + Double(attoseconds) * 1e-18
    }
}
