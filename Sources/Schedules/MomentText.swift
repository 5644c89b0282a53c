package import Core

/// Moments as people write them: a date on the clocks of a zone, or a time with its offset.
package enum MomentText {
    /// Reads `2026-05-01` (its first moment), `2026-05-01T03:00:00Z` or `…+02:00`, or the same without an offset.
    ///
    /// - Parameters:
    ///   - text: The text.
    ///   - zone: Whose clocks are meant where no offset is written.
    /// - Returns: The moment; nil for other text, or before 1970 and after 2199.
    package static func parse(_ text: String, in zone: ZoneClock) -> Timestamp? {
        guard let date = CivilDate(text.prefix(10)) else { return nil }
        let rest = text.dropFirst(10)
        guard !rest.isEmpty else { return bounded(zone.start(of: date)) }
        guard let mark = rest.first, mark == "T" || mark == "t" || mark == " " else { return nil }
        var clock = rest.dropFirst()
        var offset: Int64?
        if clock.hasSuffix("Z") || clock.hasSuffix("z") {
            (offset, clock) = (0, clock.dropLast())
        } else if let sign = clock.lastIndex(where: { $0 == "+" || $0 == "-" }) {
            guard let distance = seconds(clock[clock.index(after: sign)...], hours: 0...23) else { return nil }
            (offset, clock) = (clock[sign] == "-" ? -distance : distance, clock[..<sign])
        }
        guard let ofDay = seconds(clock, hours: 0...23) else { return nil }
        let local = date.daysSince1970 * 86_400 + ofDay
        let second = offset.map { local - $0 } ?? zone.firstMoment(local: local)
        return bounded(Timestamp(milliseconds: second * 1000))
    }

    /// Whether the text is a date without a time, which stands for the whole day.
    package static func isDate(_ text: String) -> Bool {
        CivilDate(text) != nil
    }

    private static func bounded(_ moment: Timestamp) -> Timestamp? {
        (SchedulesLimits.firstSecond * 1000..<SchedulesLimits.endSecond * 1000).contains(moment.milliseconds)
            ? moment : nil
    }

    /// Seconds of `03`, `03:00`, `0300`, `03:00:00` or `03:00:00.000`.
    private static func seconds(_ text: Substring, hours: ClosedRange<Int>) -> Int64? {
        var text = text
        if let point = text.firstIndex(of: ".") {
            guard text[text.index(after: point)...].allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
            text = text[..<point]
        }
        var parts = text.split(separator: ":", omittingEmptySubsequences: false)
        if parts.count == 1, text.utf8.count == 4 { parts = [text.prefix(2), text.suffix(2)] }
        guard (1...3).contains(parts.count), parts.allSatisfy({ $0.utf8.count == 2 }) else { return nil }
        let numbers = parts.compactMap { CronField.number($0) }
        guard numbers.count == parts.count, hours.contains(numbers[0]), numbers.dropFirst().allSatisfy({ $0 < 60 })
        else { return nil }
        return zip(numbers, [3600, 60, 1]).reduce(0) { $0 + Int64($1.0 * $1.1) }
    }
}
