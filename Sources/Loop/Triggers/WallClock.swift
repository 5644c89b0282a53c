import Foundation

/// The clocks on the walls of a time zone: which moments a local time names.
package struct WallClock: Sendable, Equatable {
    /// The zone's name, such as `Europe/Berlin`.
    package let name: String
    private let zone: TimeZone

    /// Universal time, which is never set forward or back.
    package static let utc = WallClock(name: "UTC", zone: .gmt)

    private init(name: String, zone: TimeZone) {
        self.name = name
        self.zone = zone
    }

    /// The zone of that name in the IANA database; nil for an unknown one.
    package init?(_ name: String) {
        // An area and a place, or UTC: the library would also take apart texts such as `GMT+25:00`, which are not meant here.
        let isName = name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "/"), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "+"):
                true
            default: false
            }
        }
        guard isName, name == "UTC" || name.contains("/"), name.utf8.count <= LoopLimits.maximumScheduleBytes,
            let zone = TimeZone(identifier: name)
        else { return nil }
        self.init(name: name, zone: zone)
    }

    /// No zone is further from universal time than this, in seconds.
    let largestOffset: Int64 = 93_600

    /// Seconds by which the clocks are ahead of universal time at a moment, in seconds since 1970.
    func offset(_ moment: Int64) -> Int {
        zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment)))
    }

    /// The number of the day since 1970 that seconds fall into.
    static func day(of seconds: Int64) -> Int64 {
        seconds >= 0 ? seconds / 86_400 : (seconds - 86_399) / 86_400
    }

    /// The moments at which the clocks show a local time: none in a gap, two in a repeated hour; earliest first.
    ///
    /// - Parameter local: The local time as seconds since 1970-01-01T00:00 on the same clocks.
    /// - Returns: Seconds since 1970.
    func moments(local: Int64) -> [Int64] {
        let (before, after) = (local - Int64(offset(local - 86_400)), local - Int64(offset(local + 86_400)))
        let candidates = before == after ? [before] : [min(before, after), max(before, after)]
        return candidates.filter { $0 + Int64(offset($0)) == local }
    }

    /// The moment that stands for a local time: the first of two, and for none the first moment after the gap.
    func firstMoment(local: Int64) -> Int64 {
        if let first = moments(local: local).first { return first }
        // The clocks jump over `local`: the jump lies between the readings by the two offsets.
        var low = local - Int64(max(offset(local - 86_400), offset(local + 86_400)))
        var high = local - Int64(min(offset(local - 86_400), offset(local + 86_400)))
        while low + 1 < high {
            let middle = low + (high - low) / 2
            if middle + Int64(offset(middle)) < local { low = middle } else { high = middle }
        }
        return high
    }
}
