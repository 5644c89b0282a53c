import Core

/// How many runs of one pipeline there may be at once, and what becomes of one more.
package struct ConcurrencyRule: Sendable, Equatable {
    /// What happens to a run that is asked for when `limit` are there.
    package enum Overlap: String, Sendable, CaseIterable {
        /// It waits.
        case queue
        /// It is recorded as cancelled and nothing of it runs.
        case skip
        /// The runs that are there are cancelled; the new one starts when they have ended.
        case cancelRunning = "cancel_running"
    }

    /// Most runs at the same time; nil for as many as the server takes.
    package var limit: Int?
    /// What happens to one more.
    package var overlap = Overlap.queue

    static let keys = ["limit", "overlap"]

    /// No limit.
    package init() {}

    /// Reads `concurrency`: a number, or `{limit: …, overlap: …}`.
    static func parse(_ fields: JSONFields) throws(MartletError) -> ConcurrencyRule {
        var rule = ConcurrencyRule()
        let range = 1...Int64(PipelinesLimits.concurrentRuns)
        guard let value = fields.value("concurrency") else { return rule }
        if value.integerValue != nil {
            rule.limit = try fields.optionalInt("concurrency", in: range).map { Int($0) }
            return rule
        }
        let declared = try fields.fields("concurrency")
        try declared.rejectUnknown(keys)
        rule.limit = Int(try declared.optionalInt("limit", in: range) ?? 1)
        if let text = try declared.optionalString("overlap") {
            guard let overlap = Overlap(rawValue: text) else {
                throw declared.invalid("overlap", "must be queue, skip or cancel_running")
            }
            rule.overlap = overlap
        }
        return rule
    }
}
