import Core

/// The days that a cron line names: by their place in the month, by the week, or by either.
struct CronDays: Equatable {
    /// Whether the field of days of the month begins with a star.
    private let isDayOpen: Bool
    private let isWeekdayOpen: Bool
    /// Days of the month, bits 1 to 31.
    private var days: UInt32 = 0
    /// Days before the last of the month, bit 0 for the last itself.
    private var fromLast: UInt32 = 0
    /// Days of the month whose nearest working day is meant.
    private var nearest: UInt32 = 0
    /// Whether the last working day of the month is meant.
    private var isLastWorking = false
    /// Days of the week, bit 0 for Sunday.
    private var weekdays: UInt8 = 0
    /// Days of the week in their last week of the month.
    private var lastWeekdays: UInt8 = 0
    /// Days of the week in their first to fifth week of the month.
    private var numbered: [UInt8] = [0, 0, 0, 0, 0]

    init(day: Substring, weekday: Substring) throws(MartletError) {
        isDayOpen = day.hasPrefix("*") || day.hasPrefix("?")
        isWeekdayOpen = weekday.hasPrefix("*") || weekday.hasPrefix("?")
        for part in day.split(separator: ",", omittingEmptySubsequences: false) { try add(day: part) }
        for part in weekday.split(separator: ",", omittingEmptySubsequences: false) { try add(weekday: part) }
    }

    private mutating func add(day part: Substring) throws(MartletError) {
        let text = part.uppercased()
        if text == "L" {
            fromLast |= 1
        } else if text == "LW" {
            isLastWorking = true
        } else if text.hasPrefix("L-") {
            guard let before = CronField.number(text.dropFirst(2)), (1...30).contains(before) else {
                throw CronField.day.invalid(part)
            }
            fromLast |= 1 << before
        } else if text.hasSuffix("W") {
            guard let day = CronField.number(text.dropLast()), (1...31).contains(day) else {
                throw CronField.day.invalid(part)
            }
            nearest |= 1 << day
        } else {
            days |= UInt32(truncatingIfNeeded: try CronField.day.part(part))
        }
    }

    private mutating func add(weekday part: Substring) throws(MartletError) {
        let pieces = part.split(separator: "#", omittingEmptySubsequences: false)
        if pieces.count == 2 {
            guard let day = CronField.weekday.value(pieces[0]), let week = CronField.number(pieces[1]),
                (1...5).contains(week)
            else { throw CronField.weekday.invalid(part) }
            numbered[week - 1] |= 1 << (day % 7)
        } else if part.count > 1, part.uppercased().hasSuffix("L"), let day = CronField.weekday.value(part.dropLast()) {
            lastWeekdays |= 1 << (day % 7)
        } else {
            let bits = try CronField.weekday.part(part)
            weekdays |= UInt8(truncatingIfNeeded: (bits | bits >> 7) & 0x7F)
        }
    }

    /// The days of a month that are named, bits 1 to 31.
    func bits(year: Int, month: Int) -> UInt32 {
        let length = CivilDate.length(year: year, month: month)
        let all: UInt32 = (length == 31 ? .max : (1 << (length + 1)) - 1) & ~1
        let byDay = byDay(year: year, month: month, length: length) & all
        let byWeek = byWeek(year: year, month: month, length: length) & all
        // As in cron: both restricted means either, a star in one leaves the other to decide.
        return isDayOpen || isWeekdayOpen ? byDay & byWeek : byDay | byWeek
    }

    /// The day of the week of the first of a month, 0 for Sunday.
    private func firstWeekday(year: Int, month: Int) -> Int {
        guard let first = CivilDate(year: year, month: month, day: 1) else { return 0 }
        // 1970-01-01 was a Thursday.
        return Int(((first.daysSince1970 + 4) % 7 + 7) % 7)
    }

    private func byDay(year: Int, month: Int, length: Int) -> UInt32 {
        var bits = days
        if fromLast != 0 {
            for before in 0..<length where fromLast & (1 << before) != 0 { bits |= 1 << (length - before) }
        }
        guard nearest != 0 || isLastWorking else { return bits }
        let first = firstWeekday(year: year, month: month)
        func working(near day: Int) -> Int {
            switch (first + day - 1) % 7 {
            // Not into another month: the first on a Saturday is worked on the 3rd, the last on a Sunday two days before.
            case 6: day > 1 ? day - 1 : day + 2
            case 0: day < length ? day + 1 : day - 2
            default: day
            }
        }
        for day in 1...length where nearest & (1 << day) != 0 { bits |= 1 << working(near: day) }
        if isLastWorking {
            let weekday = (first + length - 1) % 7
            bits |= 1 << (weekday == 6 ? length - 1 : weekday == 0 ? length - 2 : length)
        }
        return bits
    }

    private func byWeek(year: Int, month: Int, length: Int) -> UInt32 {
        if weekdays == 0x7F { return .max }
        let first = firstWeekday(year: year, month: month)
        var bits: UInt32 = 0
        for day in 1...length {
            let mark: UInt8 = 1 << ((first + day - 1) % 7)
            let isNamed =
                weekdays & mark != 0 || numbered[(day - 1) / 7] & mark != 0
                || (day + 7 > length && lastWeekdays & mark != 0)
            if isNamed { bits |= 1 << day }
        }
        return bits
    }
}
