import Console
import Core

/// A fixed moment that the sample pages are seen at, and times before it.
enum SampleTime {
    static let now = Timestamp(milliseconds: 1_774_099_939_000)

    static func ago(_ seconds: Int64) -> TimeText {
        TimeText(moment(ago: seconds), now: now)
    }

    static func moment(ago seconds: Int64) -> Timestamp {
        now - .seconds(seconds)
    }
}
