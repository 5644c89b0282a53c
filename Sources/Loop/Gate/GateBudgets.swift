import Core

/// How long the candidate may take for a prediction, measured on the server by asking it row by row.
package struct LatencyBudget: Sendable, Equatable {
    /// The quantile that counts, 0…1.
    package let quantile: Double
    /// The longest time; nil asks for none.
    package let maximum: Duration?
    /// How many times as long as the champion; nil asks for none.
    package let maximumRatio: Double?
    /// How many predictions are timed.
    package let calls: Int

    /// Makes a budget.
    package init(quantile: Double = 0.95, maximum: Duration?, maximumRatio: Double? = nil, calls: Int = 200) {
        self.quantile = quantile
        self.maximum = maximum
        self.maximumRatio = maximumRatio
        self.calls = calls
    }

    /// Reads `gate.latency` strictly.
    init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["quantile", "max", "max_ratio", "calls"])
        self.init(
            quantile: try fields.optionalDouble("quantile", in: 0...1) ?? 0.95,
            maximum: try fields.optionalDuration("max"),
            maximumRatio: try fields.optionalDouble("max_ratio", in: 0...1e6),
            calls: Int(clamping: try fields.optionalInt("calls", in: 10...LoopLimits.maximumTimedCalls) ?? 200)
        )
        guard maximum != nil || maximumRatio != nil else {
            throw MartletError(.invalidArgument, "'\(fields.path)' asks for nothing; give max, max_ratio or both.")
        }
    }

    /// Judges what was measured, in seconds.
    func judge(candidate: Double?, champion: Double?) -> GateFinding {
        var figures: JSONObject = ["quantile": .number(quantile), "calls": .int(calls)]
        figures["candidate_seconds"] = .optional(candidate)
        figures["champion_seconds"] = .optional(champion)
        if let maximum { figures["max_seconds"] = .number(maximum.inSeconds) }
        if let maximumRatio { figures["max_ratio"] = .number(maximumRatio) }
        guard let candidate else { return GateFinding(false, "the candidate's latency was not measured.", figures) }
        let said = "the \(GateText.number(quantile)) quantile of latency is \(Self.text(candidate))"
        if let maximum, candidate > maximum.inSeconds {
            return GateFinding(false, "\(said), above \(Self.text(maximum.inSeconds)).", figures)
        }
        if let maximumRatio, let champion, champion > 0 {
            figures["ratio"] = .number(candidate / champion)
            if candidate > champion * maximumRatio {
                let most = GateText.number(maximumRatio)
                return GateFinding(
                    false,
                    "\(said), more than \(most) times the champion's \(Self.text(champion)).",
                    figures
                )
            }
        }
        return GateFinding(true, "\(said).", figures)
    }

    private static func text(_ seconds: Double) -> String {
        seconds < 0.001
            ? "\((seconds * 1e7).rounded() / 10) µs" : "\((seconds * 1e6).rounded() / 1000) ms"
    }
}

/// How large the candidate's files may be.
package struct SizeBudget: Sendable, Equatable {
    /// The most bytes; nil asks for none.
    package let maximum: Int64?
    /// How many times as many as the champion's; nil asks for none.
    package let maximumRatio: Double?

    /// Makes a budget.
    package init(maximum: Int64?, maximumRatio: Double? = nil) {
        self.maximum = maximum
        self.maximumRatio = maximumRatio
    }

    /// Reads `gate.size` strictly.
    init(_ fields: JSONFields) throws(MartletError) {
        try fields.rejectUnknown(["max", "max_ratio"])
        var maximum = fields.value("max")?.integerValue
        if let text = fields.value("max")?.stringValue { maximum = ByteCount.parse(text).map(Int64.init) }
        if fields.value("max") != nil, maximum.map({ $0 < 1 }) ?? true {
            throw fields.invalid("max", "must be a size such as 500kB, 10MB or a number of bytes")
        }
        self.init(maximum: maximum, maximumRatio: try fields.optionalDouble("max_ratio", in: 0...1e6))
        guard maximum != nil || maximumRatio != nil else {
            throw MartletError(.invalidArgument, "'\(fields.path)' asks for nothing; give max, max_ratio or both.")
        }
    }

    /// Judges the bytes of the files.
    func judge(candidate: Int64?, champion: Int64?) -> GateFinding {
        var figures: JSONObject = [:]
        figures["candidate_bytes"] = .optional(candidate)
        figures["champion_bytes"] = .optional(champion)
        if let maximum { figures["max_bytes"] = .integer(maximum) }
        if let maximumRatio { figures["max_ratio"] = .number(maximumRatio) }
        guard let candidate else { return GateFinding(false, "the size of the candidate's files is unknown.", figures) }
        let said = "the candidate's files have \(GateText.bytes(candidate))"
        if let maximum, candidate > maximum {
            return GateFinding(false, "\(said), above \(GateText.bytes(maximum)).", figures)
        }
        if let maximumRatio, let champion, Double(candidate) > Double(champion) * maximumRatio {
            let most = GateText.number(maximumRatio)
            return GateFinding(
                false,
                "\(said), more than \(most) times the champion's \(GateText.bytes(champion)).",
                figures
            )
        }
        return GateFinding(true, "\(said).", figures)
    }
}
