import Core

extension ParameterDistribution {
    /// The same parameter, when its range makes sense; its upper end lies on a step.
    ///
    /// - Throws: `invalidArgument` naming the parameter and what is wrong with it.
    func checked(_ name: String) throws(MartletError) -> ParameterDistribution {
        switch self {
        case .float(let low, let high, let log, let step):
            try Self.check(name, low, high, log, step)
            guard let step else { return self }
            let steps = ((high - low) / step + 1e-9).rounded(.down)
            return .float(low: low, high: min(low + steps * step, high), log: log, step: step)
        case .integer(let low, let high, let log, let step):
            guard abs(low) < 1 << 52, abs(high) < 1 << 52, step < 1 << 52 else {
                throw Self.invalid(name, "its whole numbers must be smaller than 2^52")
            }
            try Self.check(name, Double(low), Double(high), log && low >= 1, Double(step), allowsLog: step == 1)
            guard !log || low >= 1 else {
                throw Self.invalid(name, "a logarithm needs 'low' of at least 1, not \(low)")
            }
            return .integer(low: low, high: low + (high - low) / step * step, log: log, step: step)
        case .choice(let words):
            try Self.check(name, words)
            return self
        }
    }

    private static func check(
        _ name: String,
        _ low: Double,
        _ high: Double,
        _ log: Bool,
        _ step: Double?,
        allowsLog: Bool = false
    ) throws(MartletError) {
        guard low.isFinite, high.isFinite else {
            throw invalid(name, "'low' and 'high' must be finite numbers, not \(low) and \(high)")
        }
        guard low <= high else { throw invalid(name, "'low' must not be above 'high', but \(low) is above \(high)") }
        guard (high - low).isFinite, abs(low) < 1e300, abs(high) < 1e300 else {
            throw invalid(name, "the range from \(low) to \(high) is too wide")
        }
        if log {
            guard low > 0 else { throw invalid(name, "a logarithm needs 'low' above 0, not \(low)") }
            guard step == nil || allowsLog else {
                throw invalid(name, "a parameter has a logarithm or a step, not both")
            }
        }
        guard let step else { return }
        guard step.isFinite, step > 0 else { throw invalid(name, "'step' must be above 0, not \(step)") }
        guard low == high || step <= high - low else {
            throw invalid(name, "the step \(step) is wider than the range from \(low) to \(high)")
        }
        guard (high - low) / step < 0x1p52 else {
            throw invalid(name, "the step \(step) is too small for the range from \(low) to \(high)")
        }
    }

    private static func check(_ name: String, _ words: [JSONValue]) throws(MartletError) {
        guard (1...SamplingLimits.choices).contains(words.count) else {
            throw invalid(name, "it needs 1 to \(SamplingLimits.choices) choices, not \(words.count)")
        }
        for (index, word) in words.enumerated() {
            switch word {
            case .array, .object: throw invalid(name, "a choice must be a word, a number, true, false or null")
            case .null, .bool, .integer, .number, .string: break
            }
            let first = ParameterDistribution.choice(words).value(of: word)
            guard first == Double(index) else { throw invalid(name, "the choice \(word) appears twice") }
        }
    }

    private static func invalid(_ name: String, _ reason: String) -> MartletError {
        MartletError(.invalidArgument, "The parameter '\(name)' has no valid range: \(reason).")
    }
}
