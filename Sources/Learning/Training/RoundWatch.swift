import Core

/// Follows one metric over rounds: which round was best, and whether it is time to stop.
struct RoundWatch: Sendable, Equatable {
    private let rule: TrainingSpec.EarlyStopping?
    /// The best round from 0; nil before the first value.
    private(set) var bestRound: Int?
    /// The value after it.
    private(set) var bestValue: Double?

    init(_ rule: TrainingSpec.EarlyStopping?) {
        self.rule = rule
    }

    /// What a round meant.
    struct Verdict: Equatable {
        /// Whether it was the best so far.
        let isBest: Bool
        /// Whether too many rounds passed without a better one.
        let isEnough: Bool
    }

    /// Takes the metrics of a round.
    ///
    /// - Throws: `invalidArgument` when the watched metric is not among them or has no value from the beginning.
    mutating func note(_ report: RoundReport) throws(MartletError) -> Verdict {
        let judged = report.metrics.filter { $0.part == .validation }
        let metric = rule?.metric.map { name in judged.last { $0.name == name } } ?? judged.last
        guard let metric else {
            guard let name = rule?.metric else { return Verdict(isBest: false, isEnough: false) }
            let known = judged.map(\.name).joined(separator: ", ")
            throw MartletError(
                .invalidArgument,
                "Early stopping watches '\(name)', which the library does not compute; it computes \(known)."
            )
        }
        let gain = rule?.minimumGain ?? 0
        let isBest: Bool
        if let bestValue {
            isBest = metric.isMaximized ? metric.value > bestValue + gain : metric.value < bestValue - gain
        } else {
            guard !metric.value.isNaN || rule == nil else {
                throw MartletError(
                    .invalidArgument,
                    "The metric '\(metric.name)' has no value on the validation rows, so training cannot stop by it; are rows of every class among them?"
                )
            }
            isBest = !metric.value.isNaN
        }
        if isBest { (bestRound, bestValue) = (report.round, metric.value) }
        guard let rule, let bestRound else { return Verdict(isBest: isBest, isEnough: false) }
        return Verdict(isBest: isBest, isEnough: report.round - bestRound >= rule.rounds)
    }
}
