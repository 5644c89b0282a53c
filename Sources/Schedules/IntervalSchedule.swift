package import Core

/// Again and again after the same time: an anchor and what follows it at whole multiples of an interval.
///
/// Elapsed time counts, whatever clocks on walls do. Nothing comes before the anchor.
package struct IntervalSchedule: Sendable, Equatable {
    /// The time from one to the next.
    package let every: Duration
    /// The first time.
    package let anchor: Timestamp

    /// An interval from an anchor; without one from 1970, so that `1h` is at each full hour of universal time.
    ///
    /// - Parameters:
    ///   - every: The interval.
    ///   - anchor: The first time.
    /// - Throws: `invalidArgument` for an interval of zero, or one that is too short or too long.
    package init(every: Duration, anchor: Timestamp = Timestamp(milliseconds: 0)) throws(MartletError) {
        guard every >= SchedulesLimits.shortestInterval, every <= SchedulesLimits.longestInterval else {
            throw MartletError(
                .invalidArgument,
                "An interval must be between \(Self.text(SchedulesLimits.shortestInterval)) and "
                    + "\(Self.text(SchedulesLimits.longestInterval)), but is \(Self.text(every))."
            )
        }
        guard (0..<SchedulesLimits.endSecond * 1000).contains(anchor.milliseconds) else {
            throw MartletError(.invalidArgument, "The anchor of an interval must be between the years 1970 and 2199.")
        }
        self.every = every
        self.anchor = anchor
    }

    private var length: Int64 { max(1, every.wholeMilliseconds) }

    /// The first time after a moment; nil when there is none before the year 2200.
    package func next(after moment: Timestamp) -> Timestamp? {
        guard moment >= anchor else { return anchor }
        guard moment.milliseconds < SchedulesLimits.endSecond * 1000 else { return nil }
        let count = (moment.milliseconds - anchor.milliseconds) / length + 1
        let found = anchor.milliseconds + count * length
        return found < SchedulesLimits.endSecond * 1000 ? Timestamp(milliseconds: found) : nil
    }

    /// The last time before a moment; nil when there is none.
    package func previous(before moment: Timestamp) -> Timestamp? {
        guard moment > anchor else { return nil }
        let end = min(moment.milliseconds, SchedulesLimits.endSecond * 1000)
        return Timestamp(milliseconds: anchor.milliseconds + (end - 1 - anchor.milliseconds) / length * length)
    }

    /// How many times there are after a moment and up to another.
    func count(after first: Timestamp, through last: Timestamp) -> Int64 {
        func passed(_ moment: Timestamp) -> Int64 {
            moment < anchor ? 0 : (moment.milliseconds - anchor.milliseconds) / length + 1
        }
        return max(0, passed(last) - passed(first))
    }

    /// A duration as configurations write it, such as `6h`.
    package static func text(_ duration: Duration) -> String {
        let seconds = duration.components.seconds
        guard duration.wholeMilliseconds % 1000 == 0 else { return "\(duration.wholeMilliseconds)ms" }
        for (unit, length) in [("d", Int64(86_400)), ("h", 3_600), ("m", 60)] where seconds % length == 0 && seconds > 0
        {
            return "\(seconds / length)\(unit)"
        }
        return "\(seconds)s"
    }
}
