package import Core

/// The pieces of the past that a backfill makes up for: the times of a timetable in a range, so many to a run.
package struct BackfillPlan: Sendable, Equatable {
    /// What one run makes up for.
    package struct Piece: Sendable, Equatable {
        /// The first time, which the run is for.
        package let first: Timestamp
        /// The last time; the first, when a run is for one.
        package let last: Timestamp
        /// The time that the timetable names next: the end of the interval that the piece stands for.
        package let end: Timestamp
    }

    /// The times.
    package let timetable: Timetable
    /// The first moment that is meant.
    package let from: Timestamp
    /// The last moment that is meant.
    package let through: Timestamp
    /// Times to a run.
    package let chunk: Int
    /// How many times there are.
    package let times: Int

    /// Plans a backfill.
    ///
    /// - Parameters:
    ///   - timetable: The times.
    ///   - from: The first moment that is meant.
    ///   - through: The last moment that is meant.
    ///   - chunk: Times to a run.
    /// - Throws: `invalidArgument` when the range ends before it begins or holds no time, or would be too many runs.
    package init(
        timetable: Timetable,
        from: Timestamp,
        through: Timestamp,
        chunk: Int = 1
    ) throws(MartletError) {
        guard from <= through else {
            throw MartletError(
                .invalidArgument,
                "The backfill would end at \(through.iso8601), before it begins at \(from.iso8601)."
            )
        }
        guard (1...SchedulesLimits.backfillTimes).contains(chunk) else {
            throw MartletError(.invalidArgument, "'chunk' must be between 1 and \(SchedulesLimits.backfillTimes).")
        }
        let limit = SchedulesLimits.backfillTimes
        let times = timetable.count(after: from - .milliseconds(1), through: through, limit: limit + 1)
        guard times > 0 else {
            throw MartletError(
                .invalidArgument,
                "\(timetable.text) names no time from \(from.iso8601) through \(through.iso8601)."
            )
        }
        let runs = (times - 1) / chunk + 1
        guard times <= limit, runs <= SchedulesLimits.backfillRuns else {
            let count = times > limit ? "more than \(limit) times" : "\(times) times in \(runs) runs"
            throw MartletError(
                .invalidArgument,
                "The backfill would cover \(count); at most \(limit) times in \(SchedulesLimits.backfillRuns) runs are "
                    + "made up for at once. Choose a shorter range, or a larger 'chunk'."
            )
        }
        self.timetable = timetable
        self.from = from
        self.through = through
        self.chunk = chunk
        self.times = times
    }

    /// How many runs there are.
    package var runs: Int { (times - 1) / chunk + 1 }

    /// The piece after a time; the first for nil; nil after the last.
    package func piece(after time: Timestamp?) -> Piece? {
        let start = time.map { $0 + .milliseconds(1) } ?? from
        let found = timetable.times(from: start, through: through, limit: chunk)
        guard let first = found.first, let last = found.last else { return nil }
        return Piece(first: first, last: last, end: timetable.next(after: last) ?? last)
    }
}
