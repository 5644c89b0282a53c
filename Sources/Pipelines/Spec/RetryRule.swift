import Core

/// How often and after which pauses a task is tried again.
package struct RetryRule: Sendable, Equatable {
    /// Tries after the first that failures may use.
    package var limit = 0
    /// The pause before the first of them.
    package var backoff = PipelinesLimits.defaultBackoff
    /// By what each further pause is longer.
    package var factor = 2.0
    /// The longest pause.
    package var cap = PipelinesLimits.longestBackoff
    /// How much of a pause is left to chance, 0 to 1: with 0.2 it lasts 80 to 120 % of its time.
    package var jitter = 0.0

    static let keys = ["limit", "backoff", "factor", "cap", "jitter"]

    /// A rule; without a limit a task is not tried again.
    package init(
        limit: Int = 0,
        backoff: Duration = PipelinesLimits.defaultBackoff,
        factor: Double = 2,
        cap: Duration = PipelinesLimits.longestBackoff,
        jitter: Double = 0
    ) {
        (self.limit, self.backoff, self.factor, self.cap, self.jitter) = (limit, backoff, factor, cap, jitter)
    }

    /// Reads `retries`, a number or an object, and `backoff`.
    static func parse(_ fields: JSONFields) throws(MartletError) -> RetryRule {
        var rule = RetryRule()
        if let backoff = try duration("backoff", fields) { rule.backoff = backoff }
        guard case .object? = fields.value("retries") else {
            rule.limit = Int(try fields.optionalInt("retries", in: 0...PipelinesLimits.retries) ?? 0)
            return rule
        }
        let declared = try fields.fields("retries")
        try declared.rejectUnknown(keys)
        if fields.value("backoff") != nil, declared.value("backoff") != nil {
            throw MartletError(.invalidArgument, "'\(fields.path)' has 'backoff' twice; keep the one in 'retries'.")
        }
        rule.limit = Int(try declared.int("limit", in: 0...PipelinesLimits.retries))
        if let backoff = try duration("backoff", declared) { rule.backoff = backoff }
        if let cap = try duration("cap", declared) { rule.cap = cap }
        rule.factor = try declared.optionalDouble("factor", in: 1...10) ?? 2
        rule.jitter = try declared.optionalDouble("jitter", in: 0...1) ?? 0
        return rule
    }

    private static func duration(_ key: String, _ fields: JSONFields) throws(MartletError) -> Duration? {
        guard let duration = try fields.optionalDuration(key) else { return nil }
        guard duration <= PipelinesLimits.longestBackoff else { throw fields.invalid(key, "must be at most 1 hour") }
        return duration
    }

    /// The pause before a retry.
    ///
    /// - Parameters:
    ///   - retry: Which retry it is, from 1.
    ///   - seed: What chance is drawn from; the same seed and retry give the same pause.
    /// - Returns: The pause, never longer than `cap`.
    package func pause(before retry: Int, seed: UInt64 = 0) -> Duration {
        var seconds = backoff.inSeconds
        for _ in 1..<max(1, retry) where seconds < cap.inSeconds { seconds *= factor }
        if jitter > 0 {
            var generator = SeededGenerator(seed: seed &+ UInt64(clamping: retry))
            seconds *= 1 + jitter * (2 * generator.uniform() - 1)
        }
        return .milliseconds(Int64((min(seconds, cap.inSeconds) * 1000).rounded()))
    }
}
