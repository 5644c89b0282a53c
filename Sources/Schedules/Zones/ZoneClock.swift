package import Core
import Foundation

/// The clocks on the walls of a time zone: which local time they show at a moment, and when they show one.
package struct ZoneClock: Sendable, Equatable {
    /// The zone's name in the IANA database, such as `Europe/Berlin`.
    package let name: String
    private let table: ZoneTable

    /// Universal time, whose clocks are never set.
    package static let utc = ZoneClock(name: "UTC", table: .utc)

    private init(name: String, table: ZoneTable) {
        self.name = name
        self.table = table
    }

    /// The zone of that name in the IANA database: an area and a place such as `Asia/Kathmandu`, or `UTC`.
    ///
    /// - Parameter name: The name, as the database writes it.
    /// - Throws: `invalidArgument` for an unknown zone, with one that has a similar name.
    package init(_ name: String) throws(MartletError) {
        // The library would also take apart texts such as `GMT+25:00`, which are no names.
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "+"):
                true
            default: false
            }
        }
        guard name != "UTC" else {
            self = .utc
            return
        }
        guard isName, name.contains("/"), name.utf8.count <= SchedulesLimits.zoneBytes,
            let table = ZoneTable.named(name)
        else {
            let known = TimeZone.knownTimeZoneIdentifiers
            let hint = NearestName.of(String(name.prefix(80)), among: known).map { "; did you mean '\($0)'?" } ?? "."
            throw MartletError(
                .invalidArgument,
                "'\(name.prefix(80))' is no time zone of the IANA database, such as Europe/Berlin or UTC\(hint)"
            )
        }
        self.init(name: name, table: table)
    }

    package static func == (left: ZoneClock, right: ZoneClock) -> Bool {
        left.name == right.name
    }

    /// Seconds by which the clocks are ahead of universal time at a moment.
    package func offset(at moment: Timestamp) -> Int64 {
        table.periods(at: Self.second(of: moment)).now.offset
    }

    /// The day that calendars show at a moment.
    package func date(at moment: Timestamp) -> CivilDate {
        let second = Self.second(of: moment)
        return CivilDate(daysSince1970: Self.floorDivide(second + table.periods(at: second).now.offset, 86_400))
    }

    /// The first moment of a day on these clocks; of a day that the zone left out, the first moment after it.
    package func start(of date: CivilDate) -> Timestamp {
        Timestamp(milliseconds: firstMoment(local: date.daysSince1970 * 86_400) * 1000)
    }

    /// A moment as these clocks show it, with their offset, such as `2026-05-01T03:00:00+02:00`.
    package func text(of moment: Timestamp) -> String {
        let offset = offset(at: moment)
        let local = Timestamp(milliseconds: (Self.second(of: moment) + offset) * 1000).iso8601.prefix(19)
        let minutes = abs(offset) / 60
        func padded(_ number: Int64) -> String { number < 10 ? "0\(number)" : String(number) }
        return "\(local)\(offset < 0 ? "-" : "+")\(padded(minutes / 60)):\(padded(minutes % 60))"
    }

    // MARK: - For cron

    /// The period around a moment, and the one before it.
    func periods(at second: Int64) -> (now: ZoneTable.Period, before: ZoneTable.Period?) {
        table.periods(at: second)
    }

    /// The moment that stands for a local time: the first of two, and for none the first moment after the gap.
    ///
    /// - Parameter local: The local time as seconds since 1970-01-01T00:00 on the same clocks.
    /// - Returns: Seconds since 1970.
    func firstMoment(local: Int64) -> Int64 {
        // No clock was ever further from universal time than 26 hours, so this is before the moment looked for.
        var period = table.periods(at: local - 93_600).now
        while local - period.offset >= period.end { period = table.periods(at: period.end).now }
        return max(local - period.offset, period.start)
    }

    static func second(of moment: Timestamp) -> Int64 {
        let second = floorDivide(moment.milliseconds, 1000)
        return min(max(second, SchedulesLimits.firstSecond - 86_400), SchedulesLimits.endSecond)
    }

    static func floorDivide(_ value: Int64, _ by: Int64) -> Int64 {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: by)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
