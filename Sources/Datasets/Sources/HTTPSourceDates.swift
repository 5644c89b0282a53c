import Core

/// The days that an API is asked for one by one.
package struct HTTPSourceDates: Sendable, Equatable {
    /// Where the days end.
    package enum End: Sendable, Equatable {
        /// On this day.
        case day(Int64)
        /// So many days before the present one, in UTC.
        case ago(Int64)
    }

    /// The query's parameter; nil when the address has `{date}`.
    package let parameter: String?
    /// The first day, counted from 1970-01-01.
    package let from: Int64
    /// The last day.
    package let to: End
    /// Days from one to the next.
    package let step: Int64

    static func parse(_ fields: JSONFields) throws(MartletError) -> HTTPSourceDates {
        try fields.rejectUnknown(["parameter", "from", "to", "step_days"])
        let from = try day(fields, "from")
        let to: End
        switch try fields.optionalString("to") ?? "today" {
        case "today": to = .ago(0)
        case "yesterday": to = .ago(1)
        default: to = .day(try day(fields, "to"))
        }
        let step = try fields.optionalInt("step_days", in: 1...366) ?? 1
        if case .day(let last) = to {
            guard last >= from else { throw fields.invalid("to", "must not be before 'from'") }
            guard (last - from) / step < DatasetsLimits.dates else {
                throw fields.invalid("to", "must be at most \(DatasetsLimits.dates) days behind 'from'")
            }
        }
        guard from >= 0 else { throw fields.invalid("from", "must not be before 1970") }
        return HTTPSourceDates(
            parameter: try fields.optionalString("parameter"),
            from: from,
            to: to,
            step: step
        )
    }

    /// The days to ask for, at a moment.
    func days(now: Timestamp) -> [Int64] {
        let today = Int64((Double(now.milliseconds) / 86_400_000).rounded(.down))
        let last =
            switch to {
            case .day(let day): day
            case .ago(let days): today - days
            }
        guard last >= from else { return [] }
        return Array(stride(from: from, through: last, by: Int(step)))
    }

    /// `2026-11-22` of a day.
    static func text(_ day: Int64) -> String {
        String(Timestamp(milliseconds: day * 86_400_000).iso8601.prefix(10))
    }

    private static func day(_ fields: JSONFields, _ key: String) throws(MartletError) -> Int64 {
        let text = try fields.string(key)
        guard text.utf8.count == 10, let date = SourceDate.day(text) else {
            throw fields.invalid(key, "must be a date such as 2026-01-31")
        }
        return date
    }
}
