package import Core

/// Times by the minute as cron writes them: minute, hour, day of the month, month and day of the week, in UTC.
///
/// A field is `*`, a number, a range `a-b`, a step `*/n` or `a-b/n`, or a list of those. When both days are restricted, either
/// will do, as in cron.
package struct CronSchedule: Sendable, Equatable {
    /// The text it was read from.
    package let text: String
    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    private let isDayOpen: Bool
    private let isWeekdayOpen: Bool

    /// Reads a schedule; nil for text that is none, or that names no day that ever comes.
    package init?(_ text: String) {
        let fields = text.split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count == 5, text.utf8.count <= MonitoringLimits.scheduleBytes,
            let minutes = Self.numbers(fields[0], in: 0...59), let hours = Self.numbers(fields[1], in: 0...23),
            let days = Self.numbers(fields[2], in: 1...31), let months = Self.numbers(fields[3], in: 1...12),
            let weekdays = Self.numbers(fields[4], in: 0...7)
        else { return nil }
        self.text = fields.joined(separator: " ")
        self.minutes = minutes
        self.hours = hours
        self.days = days
        self.months = months
        self.weekdays = Set(weekdays.map { $0 % 7 })
        isDayOpen = fields[2].hasPrefix("*")
        isWeekdayOpen = fields[4].hasPrefix("*")
        guard next(after: Timestamp(milliseconds: 0)) != nil else { return nil }
    }

    private static func numbers(_ field: Substring, in range: ClosedRange<Int>) -> Set<Int>? {
        var found: Set<Int> = []
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", omittingEmptySubsequences: false)
            guard let head = pieces.first, pieces.count <= 2 else { return nil }
            var step = 1
            if pieces.count == 2 {
                guard let value = Int(pieces[1]), value >= 1, value <= range.upperBound else { return nil }
                step = value
            }
            let bounds: ClosedRange<Int>
            if head == "*" {
                bounds = range
            } else {
                let ends = head.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
                guard (1...2).contains(ends.count), let low = ends[0], let high = ends[ends.count - 1], low <= high,
                    range.contains(low), range.contains(high)
                else { return nil }
                bounds = pieces.count == 2 && ends.count == 1 ? low...range.upperBound : low...high
            }
            found.formUnion(stride(from: bounds.lowerBound, through: bounds.upperBound, by: step))
        }
        return found
    }

    /// The first minute after a moment that the schedule names; nil when there is none within eight years.
    package func next(after moment: Timestamp) -> Timestamp? {
        let minute: Int64 = 60_000
        let first = moment.milliseconds / minute + 1
        let perDay: Int64 = 1_440
        for day in (first / perDay)...(first / perDay + 2_922) where matches(day: day) {
            for hour in hours.sorted() {
                for within in minutes.sorted() {
                    let candidate = day * perDay + Int64(hour * 60 + within)
                    if candidate >= first { return Timestamp(milliseconds: candidate * minute) }
                }
            }
        }
        return nil
    }

    private func matches(day: Int64) -> Bool {
        let (month, dayOfMonth) = Self.civil(day)
        guard months.contains(month) else { return false }
        // 1970-01-01 was a Thursday.
        let fitsWeekday = weekdays.contains(Int((day + 4) % 7))
        let fitsDay = days.contains(dayOfMonth)
        return isDayOpen || isWeekdayOpen ? fitsDay && fitsWeekday : fitsDay || fitsWeekday
    }

    /// Month and day of the month of a day since 1970 (Hinnant, *chrono-Compatible Low-Level Date Algorithms*).
    private static func civil(_ day: Int64) -> (month: Int, day: Int) {
        let shifted = day + 719_468
        let dayOfEra = shifted % 146_097
        let year = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * year + year / 4 - year / 100)
        let part = (5 * dayOfYear + 2) / 153
        return (Int(part < 10 ? part + 3 : part - 9), Int(dayOfYear - (153 * part + 2) / 5 + 1))
    }
}
