package import Core

/// What one metric of the candidate must be.
package struct MetricRule: Sendable, Equatable {
    /// Which way of a metric is better.
    package enum Direction: String, Sendable, Equatable {
        /// Larger is better, as for accuracy.
        case higher
        /// Smaller is better, as for errors and losses.
        case lower
    }

    /// The metric, such as `accuracy`.
    package let metric: String
    /// Which way is better.
    package let better: Direction
    /// How much better than the champion the candidate must be; negative allows a small loss.
    package let minimumDelta: Double
    /// The same as a share of the champion's value; nil asks for none.
    package let minimumRelative: Double?
    /// The least value of the candidate itself; nil asks for none.
    package let minimum: Double?
    /// The largest value of the candidate itself; nil asks for none.
    package let maximum: Double?

    /// Metrics of which less is better.
    private static let losses: Set<String> = [
        "log_loss", "logloss", "cross_entropy", "loss", "brier", "brier_score", "ece", "expected_calibration_error",
        "mae",
        "mse", "rmse", "mape", "msle", "rmsle", "median_absolute_error", "max_error", "false_positive_rate",
        "false_negative_rate", "false_discovery_rate", "error_rate", "hamming_loss", "zero_one_loss", "perplexity",
    ]

    /// Which way of a metric is better as far as it is known by name; larger when it is not.
    package static func direction(of metric: String) -> Direction {
        losses.contains(metric.lowercased()) ? .lower : .higher
    }

    /// Makes a rule; `better` is known by the metric's name unless given.
    package init(
        metric: String,
        better: Direction? = nil,
        minimumDelta: Double = 0,
        minimumRelative: Double? = nil,
        minimum: Double? = nil,
        maximum: Double? = nil
    ) {
        self.metric = metric
        self.better = better ?? Self.direction(of: metric)
        self.minimumDelta = minimumDelta
        self.minimumRelative = minimumRelative
        self.minimum = minimum
        self.maximum = maximum
    }

    static let keys = ["metric", "better", "min_delta", "min_relative", "minimum", "maximum"]

    /// Reads the keys of a metric; the caller has refused unknown ones.
    init(_ fields: JSONFields) throws(MartletError) {
        let metric = try fields.string("metric")
        guard !metric.isEmpty else { throw fields.invalid("metric", "must not be empty") }
        var better: Direction?
        if let word = try fields.optionalString("better") {
            guard let known = Direction(rawValue: word) else {
                throw fields.invalid("better", "must be 'higher' or 'lower'")
            }
            better = known
        }
        self.init(
            metric: metric,
            better: better,
            minimumDelta: try fields.optionalDouble("min_delta", in: -1e12...1e12) ?? 0,
            minimumRelative: try fields.optionalDouble("min_relative", in: -1e6...1e6),
            minimum: try fields.optionalDouble("minimum", in: -1e12...1e12),
            maximum: try fields.optionalDouble("maximum", in: -1e12...1e12)
        )
        if let minimum, let maximum, minimum > maximum {
            throw fields.invalid("maximum", "must not be below 'minimum'")
        }
    }

    /// How much better one value is than another: positive is better, whichever way that is.
    func gain(_ candidate: Double, over champion: Double) -> Double {
        better == .higher ? candidate - champion : champion - candidate
    }

    /// Judges a candidate's value against the champion's; nil means that there is none.
    func judge(candidate: Double?, champion: Double?) -> GateFinding {
        var figures: JSONObject = ["metric": .string(metric), "better": .string(better.rawValue)]
        figures["candidate"] = .optional(candidate)
        figures["champion"] = .optional(champion)
        figures["min_delta"] = .number(minimumDelta)
        if let minimumRelative { figures["min_relative"] = .number(minimumRelative) }
        if let minimum { figures["minimum"] = .number(minimum) }
        if let maximum { figures["maximum"] = .number(maximum) }
        guard let candidate, candidate.isFinite else {
            return GateFinding(false, "the candidate's \(metric) is not a number.", figures)
        }
        let against = champion.map { "against the champion's \(GateText.number($0))" } ?? "with no champion to beat"
        let said = "\(metric) \(GateText.number(candidate)) \(against)"
        if let minimum, candidate < minimum {
            return GateFinding(false, "\(said), below the minimum \(GateText.number(minimum)).", figures)
        }
        if let maximum, candidate > maximum {
            return GateFinding(false, "\(said), above the maximum \(GateText.number(maximum)).", figures)
        }
        guard let champion, champion.isFinite else { return GateFinding(true, "\(said).", figures) }
        let gain = gain(candidate, over: champion)
        figures["gain"] = .number(gain)
        if gain < minimumDelta {
            let needed = GateText.number(minimumDelta)
            return GateFinding(false, "\(said), short of the required change of \(needed).", figures)
        }
        if let minimumRelative, gain < minimumRelative * abs(champion) {
            let needed = GateText.number(minimumRelative * 100)
            return GateFinding(false, "\(said), short of the required change of \(needed) %.", figures)
        }
        return GateFinding(true, "\(said).", figures)
    }
}

/// What one rule of the gate found.
package struct GateFinding: Sendable, Equatable {
    /// Whether the rule is content.
    package let passed: Bool
    /// One sentence for people.
    package let reason: String
    /// The figures behind it, with `passed` and `reason`.
    package let figures: JSONObject

    init(_ passed: Bool, _ reason: String, _ figures: JSONObject) {
        self.passed = passed
        self.reason = reason
        var all = figures
        all["passed"] = .bool(passed)
        all["reason"] = .string(reason)
        self.figures = all
    }
}

/// Numbers as sentences of the gate show them.
enum GateText {
    static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        return "\((value * 10_000).rounded() / 10_000)"
    }

    /// A size in bytes with a decimal unit.
    static func bytes(_ count: Int64) -> String {
        let units: [(String, Double)] = [("GB", 1e9), ("MB", 1e6), ("kB", 1e3)]
        for (unit, scale) in units where Double(count) >= scale {
            return "\((Double(count) / scale * 100).rounded() / 100) \(unit)"
        }
        return "\(count) bytes"
    }
}
