package import Core

/// Which minutes a cron line names, on whatever clocks: minute, hour, day of the month, month and day of the week.
///
/// A field is `*`, a number, a range `a-b`, a step `*/n` or `a-b/n`, or a list of those; months and days of the week may be
/// written by their first three letters. Days of the month also know `L` (the last), `L-3`, `15W` (the working day nearest to
/// the 15th, in the same month) and `LW`; days of the week `5L` (the last Friday) and `5#2` (the second). When both days are
/// restricted, either will do, as in Vixie's cron. `@hourly`, `@daily`, `@midnight`, `@weekly`, `@monthly`, `@yearly` and
/// `@annually` are whole lines.
package struct CronExpression: Sendable, Equatable {
    /// The text that it was read from.
    package let text: String
    /// Whether it counts elapsed time: the hour begins with a star, or is every hour.
    let isElapsed: Bool
    private let minutes: UInt64
    private let hours: UInt64
    private let months: UInt64
    private let days: CronDays

    private static let nicknames = [
        "@hourly": "0 * * * *", "@daily": "0 0 * * *", "@midnight": "0 0 * * *", "@weekly": "0 0 * * 0",
        "@monthly": "0 0 1 * *", "@yearly": "0 0 1 1 *", "@annually": "0 0 1 1 *",
    ]
    /// The calendar repeats itself after so many years, to the day of the week.
    private static let cycleYears = 400

    /// Reads a line.
    ///
    /// - Parameter text: Five fields, or a name such as `@daily`.
    /// - Throws: `invalidArgument` naming the field, or the date that never comes such as the 30th of February.
    package init(_ text: String) throws(MartletError) {
        guard text.utf8.count <= SchedulesLimits.cronBytes else {
            throw MartletError(
                .invalidArgument,
                "The cron line has \(text.utf8.count) bytes; at most \(SchedulesLimits.cronBytes) are read."
            )
        }
        var fields = text.split(whereSeparator: { $0 == " " || $0 == "\t" })
        self.text = fields.joined(separator: " ")
        if fields.count == 1, fields[0].hasPrefix("@") {
            guard let line = Self.nicknames[fields[0].lowercased()] else {
                let known = Self.nicknames.keys.sorted().joined(separator: ", ")
                throw MartletError(
                    .invalidArgument,
                    "'\(fields[0].prefix(40))' names no times; there are \(known)."
                )
            }
            fields = line.split(separator: " ")
        }
        guard fields.count == 5 else {
            throw MartletError(
                .invalidArgument,
                "The cron line '\(text.prefix(80))' has \(fields.count) fields; it needs five: minute, hour, day of the "
                    + "month, month and day of the week, such as '30 3 * * 1-5', or a name such as @daily."
            )
        }
        minutes = try CronField.minute.bits(fields[0])
        hours = try CronField.hour.bits(fields[1])
        days = try CronDays(day: fields[2], weekday: fields[4])
        months = try CronField.month.bits(fields[3])
        isElapsed = fields[1].hasPrefix("*") || hours == (1 << 24) - 1
        guard day(atOrAfter: CivilDate(daysSince1970: 0)) != nil else {
            throw MartletError(
                .invalidArgument,
                "The cron line '\(text.prefix(80))' names a date that never comes, like the 30th of February."
            )
        }
    }

    // MARK: - On clocks that are never set

    /// The first minute that is named, at or after one; minutes are counted from 1970-01-01T00:00 on the same clocks.
    func minute(atOrAfter minute: Int64) -> Int64? {
        let day = ZoneClock.floorDivide(minute, 1440)
        let date = CivilDate(daysSince1970: day)
        if isNamed(date), let within = within(atOrAfter: Int(minute - day * 1440)) { return day * 1440 + Int64(within) }
        guard let next = self.day(atOrAfter: CivilDate(daysSince1970: day + 1)), let first = within(atOrAfter: 0) else {
            return nil
        }
        return next.daysSince1970 * 1440 + Int64(first)
    }

    /// The last minute that is named, at or before one.
    func minute(atOrBefore minute: Int64) -> Int64? {
        let day = ZoneClock.floorDivide(minute, 1440)
        let date = CivilDate(daysSince1970: day)
        if isNamed(date), let within = within(atOrBefore: Int(minute - day * 1440)) {
            return day * 1440 + Int64(within)
        }
        guard let previous = self.day(atOrBefore: CivilDate(daysSince1970: day - 1)),
            let last = within(atOrBefore: 1439)
        else { return nil }
        return previous.daysSince1970 * 1440 + Int64(last)
    }

    private func isNamed(_ date: CivilDate) -> Bool {
        months & (1 << date.month) != 0 && days.bits(year: date.year, month: date.month) & (1 << date.day) != 0
    }

    private func within(atOrAfter minute: Int) -> Int? {
        let (hour, rest) = minute.quotientAndRemainder(dividingBy: 60)
        if hours & (1 << hour) != 0 {
            let left = (minutes >> rest) << rest
            if left != 0 { return hour * 60 + left.trailingZeroBitCount }
        }
        let later = (hours >> (hour + 1)) << (hour + 1)
        guard later != 0 else { return nil }
        return later.trailingZeroBitCount * 60 + minutes.trailingZeroBitCount
    }

    private func within(atOrBefore minute: Int) -> Int? {
        let (hour, rest) = minute.quotientAndRemainder(dividingBy: 60)
        if hours & (1 << hour) != 0 {
            let left = minutes & ((1 << (rest + 1)) - 1)
            if left != 0 { return hour * 60 + 63 - left.leadingZeroBitCount }
        }
        let earlier = hours & ((1 << hour) - 1)
        guard earlier != 0 else { return nil }
        return (63 - earlier.leadingZeroBitCount) * 60 + 63 - minutes.leadingZeroBitCount
    }

    private func day(atOrAfter date: CivilDate) -> CivilDate? {
        var (year, month, from) = (date.year, date.month, date.day)
        let lastYear = year + Self.cycleYears
        while year <= lastYear {
            if months & (1 << month) != 0 {
                let bits = (days.bits(year: year, month: month) >> from) << from
                if bits != 0 { return CivilDate(year: year, month: month, day: bits.trailingZeroBitCount) }
            }
            (month, from) = (month + 1, 1)
            if month > 12 { (year, month) = (year + 1, 1) }
        }
        return nil
    }

    private func day(atOrBefore date: CivilDate) -> CivilDate? {
        var (year, month, through) = (date.year, date.month, date.day)
        let firstYear = max(1, year - Self.cycleYears)
        while year >= firstYear {
            if months & (1 << month) != 0 {
                let kept: UInt32 = through == 31 ? .max : (1 << (through + 1)) - 1
                let bits = days.bits(year: year, month: month) & kept
                if bits != 0 { return CivilDate(year: year, month: month, day: 31 - bits.leadingZeroBitCount) }
            }
            (month, through) = (month - 1, 31)
            if month < 1 { (year, month) = (year - 1, 12) }
        }
        return nil
    }
}
