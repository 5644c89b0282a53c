import Core

/// The rule by which a candidate is judged, as the manifest states it.
package struct GateRule: Sendable, Equatable {
    /// The metric that decides, such as `accuracy`; larger is better.
    package let metric: String
    /// How much better than the champion the candidate must be; negative allows a small loss.
    package let minimumDelta: Double
    /// The least value that the candidate itself must reach; `nil` asks for none.
    package let minimum: Double?

    /// Makes a rule.
    package init(metric: String, minimumDelta: Double, minimum: Double? = nil) {
        self.metric = metric
        self.minimumDelta = minimumDelta
        self.minimum = minimum
    }

    /// Judges a candidate's value against the champion's; `nil` means that there is no champion yet.
    package func judge(candidate: Double, champion: Double?) -> GateVerdict {
        var evidence: JSONObject = ["metric": .string(metric), "candidate": .number(candidate)]
        evidence["min_delta"] = .number(minimumDelta)
        if let minimum { evidence["minimum"] = .number(minimum) }
        if let champion { evidence["champion"] = .number(champion) }
        let against = champion.map { "against the champion's \(Self.text($0))" } ?? "with no champion to beat"
        let figures = "\(metric) \(Self.text(candidate)) \(against)"
        func verdict(_ accepted: Bool, _ reason: String) -> GateVerdict {
            GateVerdict(accepted: accepted, reason: reason, evidence: evidence)
        }
        guard candidate.isFinite else {
            return verdict(false, "the candidate's \(metric) is not a number.")
        }
        if let minimum, candidate < minimum {
            return verdict(false, "\(figures), below the minimum \(Self.text(minimum)).")
        }
        guard let champion, champion.isFinite else {
            return verdict(true, "\(figures).")
        }
        if candidate - champion < minimumDelta {
            return verdict(false, "\(figures), short of the required change of \(Self.text(minimumDelta)).")
        }
        return verdict(true, "\(figures).")
    }

    private static func text(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
        return "\((value * 10_000).rounded() / 10_000)"
    }
}
