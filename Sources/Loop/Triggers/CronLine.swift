package import Core

/// Times by the minute as cron writes them: minute, hour, day of the month, month and day of the week, in a time zone.
///
/// A field is `*`, a number, a range `a-b`, a step `*/n` or `a-b/n`, or a list of those. When both days are restricted, either
/// will do, as in cron.
///
/// Where clocks are set forward, a time that does not exist comes at the first moment after the gap. Where they are set
/// back, a time that exists twice comes the first time only. A line whose hour begins with `*` counts elapsed time: it comes
/// at each matching moment, in a repeated hour as well, and not at all in a gap.
package struct CronLine: Sendable, Equatable {
    /// The text it was read from.
    package let text: String
    private let minutes: [Int]
    private let hours: [Int]
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    private let isHourOpen: Bool
    private let isDayOpen: Bool
    private let isWeekdayOpen: Bool

    /// Reads a line; nil for text that is none, or that names no day that ever comes.
    package init?(_ text: String) {
        let fields = text.split(separator: " ", omittingEmptySubsequences: true)
        guard fields.count == 5, text.utf8.count <= LoopLimits.maximumScheduleBytes,
            let minutes = Self.numbers(fields[0], in: 0...59), let hours = Self.numbers(fields[1], in: 0...23),
            let days = Self.numbers(fields[2], in: 1...31), let months = Self.numbers(fields[3], in: 1...12),
            let weekdays = Self.numbers(fields[4], in: 0...7)
        else { return nil }
        self.text = fields.joined(separator: " ")
        self.minutes = minutes.sorted()
        self.hours = hours.sorted()
        self.days = days
        self.months = months
        self.weekdays = Set(weekdays.map { $0 % 7 })
        isHourOpen = fields[1].hasPrefix("*")
        isDayOpen = fields[2].hasPrefix("*")
        isWeekdayOpen = fields[4].hasPrefix("*")
        guard next(after: Timestamp(milliseconds: 0), in: .utc) != nil else { return nil }
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

    /// The first time after a moment that the line names; nil when there is none within eight years.
    ///
    /// - Parameters:
    ///   - moment: The moment, which is itself not meant.
    ///   - zone: Whose clocks the line is read by.
    /// - Returns: A whole minute, or in zones with odd offsets a whole second.
    package func next(after moment: Timestamp, in zone: WallClock) -> Timestamp? {
        // Times outside these ten millennia are no dates that anybody schedules.
        let seconds = min(max(moment.milliseconds / 1000, 0), 253_402_300_799)
        let today = WallClock.day(of: seconds + Int64(zone.offset(seconds)))
        // A day earlier too: in a repeated hour, and where clocks skip a day, local days and moments are out of step.
        for day in (today - 1)...(today + 2_923) where matches(day: day) {
            var earliest: Int64?
            for hour in hours {
                for minute in minutes {
                    let local = day * 86_400 + Int64(hour * 3_600 + minute * 60)
                    let moments = isHourOpen ? zone.moments(local: local) : [zone.firstMoment(local: local)]
                    for found in moments where found * 1000 > moment.milliseconds {
                        earliest = min(earliest ?? found, found)
                    }
                }
                // Later hours of a day come later, but for a shift of clocks of at most a few hours.
                if let earliest, day * 86_400 + Int64(hour * 3_600) > earliest + zone.largestOffset + 10_800 { break }
            }
            if let earliest { return Timestamp(milliseconds: earliest * 1000) }
        }
        return nil
    }

    private func matches(day: Int64) -> Bool {
        let (month, dayOfMonth) = Self.civil(day)
        guard months.contains(month) else { return false }
        // 1970-01-01 was a Thursday.
        let fitsWeekday = weekdays.contains(Int(((day + 4) % 7 + 7) % 7))
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
