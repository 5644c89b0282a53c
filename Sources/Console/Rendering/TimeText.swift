package import Core

/// A moment as the console shows it: relative words with the exact time beside them.
package struct TimeText: Sendable, Hashable {
    /// RFC 3339, for the `datetime` attribute; the script keeps the words current from it.
    package let iso: String
    /// `12 s ago`, or a date when that is long past.
    package let text: String
    /// The exact moment in UTC, for the title.
    package let exact: String

    /// Writes `moment` as seen at `now`.
    package init(_ moment: Timestamp, now: Timestamp) {
        iso = moment.iso8601
        text = TimeText.relative(moment, now: now)
        exact = TimeText.exact(moment)
    }

    /// `now`, `12 s ago`, `in 3 min`, `2 h ago`, `5 d ago`, and past thirty days the date.
    package static func relative(_ moment: Timestamp, now: Timestamp) -> String {
        let difference = (now - moment).wholeMilliseconds
        let past = difference >= 0
        let seconds = difference.magnitude / 1000
        if seconds < 1 { return "now" }
        let amount: String
        switch seconds {
        case ..<60: amount = "\(seconds) s"
        case ..<3600: amount = "\(seconds / 60) min"
        case ..<86_400: amount = "\(seconds / 3600) h"
        case ..<(30 * 86_400): amount = "\(seconds / 86_400) d"
        default: return String(moment.iso8601.prefix(10))
        }
        return past ? amount + " ago" : "in " + amount
    }

    /// `2026-11-21 08:32:19 UTC`.
    package static func exact(_ moment: Timestamp) -> String {
        let iso = moment.iso8601
        guard let mark = iso.firstIndex(of: "T"), let point = iso.lastIndex(of: ".") else { return iso }
        return "\(iso[..<mark]) \(iso[iso.index(after: mark)..<point]) UTC"
    }

    /// `08:32:19`, in UTC.
    package static func clock(_ moment: Timestamp) -> String {
        let iso = moment.iso8601
        guard let mark = iso.firstIndex(of: "T"), let point = iso.lastIndex(of: ".") else { return iso }
        return String(iso[iso.index(after: mark)..<point])
    }

    /// How long something took: `420 ms`, `3.2 s`, `1 min 04 s`, `2 h 05 min`, `3 d 4 h`.
    package static func took(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.wholeMilliseconds)
        if milliseconds < 1000 { return "\(milliseconds) ms" }
        if milliseconds < 60_000 {
            return NumberText.fixed(Double(milliseconds) / 1000, milliseconds < 10_000 ? 1 : 0) + " s"
        }
        let seconds = milliseconds / 1000
        if seconds < 3600 { return "\(seconds / 60) min \(padded(seconds % 60)) s" }
        if seconds < 86_400 { return "\(seconds / 3600) h \(padded(seconds / 60 % 60)) min" }
        return "\(seconds / 86_400) d \(seconds / 3600 % 24) h"
    }

    private static func padded(_ value: Int64) -> String {
        value < 10 ? "0\(value)" : String(value)
    }
}
