import Core

/// What a window spans: the last rows, or the rows of the last time.
package enum WindowExtent: Sendable, Equatable {
    /// The last so many rows.
    case rows(Int)
    /// The rows of the last so much time.
    case time(Duration)

    /// Reads `200`, `{rows: 200}` or `{time: 1h}`.
    ///
    /// - Parameters:
    ///   - fields: What holds the key.
    ///   - key: The key; without it the window has `fallback` rows.
    ///   - fallback: Rows when nothing is said.
    /// - Throws: `invalidArgument` naming the key.
    init(_ fields: JSONFields, _ key: String, fallback: Int) throws(MartletError) {
        let range = 2...Int64(MonitoringLimits.spannedRows)
        guard case .object? = fields.value(key) else {
            self = .rows(Int(try fields.optionalInt(key, in: range) ?? Int64(fallback)))
            return
        }
        let inner = try fields.fields(key)
        try inner.rejectUnknown(["rows", "time"])
        if let time = try inner.optionalDuration("time") {
            guard inner.value("rows") == nil else { throw fields.invalid(key, "must say rows or time, not both") }
            guard time >= .seconds(1), time <= .seconds(MonitoringLimits.windowSeconds) else {
                throw inner.invalid("time", "must be between 1s and \(MonitoringLimits.windowSeconds / 86_400)d")
            }
            self = .time(time)
            return
        }
        self = .rows(Int(try inner.int("rows", in: range)))
    }

    /// The extent as specifications write it.
    var json: JSONValue {
        switch self {
        case .rows(let rows): .int(rows)
        case .time(let time): ["time": .number(time / .seconds(1))]
        }
    }

    /// Rows that are held at most.
    var rowsWanted: Int {
        switch self {
        case .rows(let rows): min(rows, MonitoringLimits.windowRows)
        case .time: MonitoringLimits.windowRows
        }
    }

    /// The span of a window that keeps a sample; nil for one that keeps every row.
    var span: RowPanes.Span? {
        switch self {
        case .rows(let rows): rows > MonitoringLimits.windowRows ? .rows(rows) : nil
        case .time(let time): .milliseconds(Int64((time / .milliseconds(1)).rounded()))
        }
    }
}
