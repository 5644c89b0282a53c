import Foundation
import Synchronization

/// When the clocks of a zone are set to another offset: read from the time zone database once, and shared by all who ask.
///
/// The database is the one that Foundation brings with it (ICU's); no file of the host is read, so a host without
/// `/usr/share/zoneinfo` has the same times as every other.
final class ZoneTable: Sendable {
    /// Moments with one offset, in seconds since 1970.
    struct Period: Equatable {
        let start: Int64
        /// The first moment that does not belong to it.
        let end: Int64
        /// Seconds by which clocks are ahead of universal time.
        let offset: Int64
    }

    private struct Changes {
        /// Where the periods begin, the first of which began before anything.
        var starts: [Int64] = [.min]
        var offsets: [Int64]
        /// Up to where changes are known.
        var horizon: Int64
    }

    /// Where a table ends at first; few schedules ask for more.
    private static let firstHorizon: Int64 = 2_524_608_000
    private static let shared = Mutex<[String: ZoneTable]>([:])

    private let zone: TimeZone
    private let changes: Mutex<Changes>

    private init(_ zone: TimeZone) {
        self.zone = zone
        let first = Date(timeIntervalSince1970: TimeInterval(SchedulesLimits.firstSecond))
        changes = Mutex(
            Changes(offsets: [Int64(zone.secondsFromGMT(for: first))], horizon: SchedulesLimits.firstSecond)
        )
    }

    /// Universal time.
    static let utc = ZoneTable(.gmt)

    /// The table of a zone of the database; nil for an unknown one.
    static func named(_ name: String) -> ZoneTable? {
        shared.withLock { tables in
            if let table = tables[name] { return table }
            guard let zone = TimeZone(identifier: name) else { return nil }
            let table = ZoneTable(zone)
            tables[name] = table
            return table
        }
    }

    /// The period that a moment lies in, and the one before it.
    func periods(at moment: Int64) -> (now: Period, before: Period?) {
        changes.withLock { changes in
            // A period ends where the next begins, so a day more than asked for must be known.
            extend(&changes, past: moment)
            var low = 0
            var high = changes.starts.count
            while high - low > 1 {
                let middle = (low + high) / 2
                if changes.starts[middle] <= moment { low = middle } else { high = middle }
            }
            return (period(low, changes), low > 0 ? period(low - 1, changes) : nil)
        }
    }

    private func period(_ place: Int, _ changes: Changes) -> Period {
        let next = place + 1
        return Period(
            start: changes.starts[place],
            end: next < changes.starts.count ? changes.starts[next] : .max,
            offset: changes.offsets[place]
        )
    }

    private func extend(_ changes: inout Changes, past moment: Int64) {
        guard moment >= changes.horizon - 2 * 366 * 86_400, changes.horizon < SchedulesLimits.endSecond else { return }
        let needed = moment >= Self.firstHorizon - 3 * 366 * 86_400 ? SchedulesLimits.endSecond : Self.firstHorizon
        var known = changes.starts.count > 1 ? changes.starts[changes.starts.count - 1] : changes.horizon
        while let change = zone.nextDaylightSavingTimeTransition(
            after: Date(timeIntervalSince1970: TimeInterval(known))
        ) {
            let second = Int64(change.timeIntervalSince1970.rounded())
            guard second > known, second < needed else { break }
            known = second
            let offset = Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(second))))
            // Some changes are of names only.
            guard offset != changes.offsets[changes.offsets.count - 1] else { continue }
            changes.starts.append(second)
            changes.offsets.append(offset)
        }
        changes.horizon = needed
    }
}
