/// Turns a rollout's evidence into a verdict: a pure function of specification, evidence and stage.
///
/// A candidate fails only by a sequential test, so looking often does not raise the false-alarm rate; that rate is
/// divided between the checks. It passes only with the minimum of samples and every estimate within its tolerance, and
/// with `falsePromotionRate` only with proof: a sequential test the other way round.
/// Labels are the truth and the other comparisons of outputs stand in for it: once enough labels have come,
/// disagreement with the stable version, the distribution of its answers, drift and estimates are no longer asked.
package struct RolloutJudge: Sendable {
    let spec: RolloutSpec
    let stage: RolloutStage
    let evidence: EvidenceSnapshot
    let step: Int
    let timeAtStep: Duration
    /// The rate at which each test rolls back.
    let alpha: Double

    /// Prepares to judge.
    ///
    /// - Parameters:
    ///   - spec: How the rollout climbs.
    ///   - evidence: What is known.
    ///   - step: The stage; past the last one the watch after the promotion.
    ///   - timeAtStep: Time since the stage began or was resumed.
    package init(spec: RolloutSpec, evidence: EvidenceSnapshot, step: Int, timeAtStep: Duration) {
        self.spec = spec
        self.evidence = evidence
        self.step = step
        self.timeAtStep = timeAtStep
        stage = spec.stage(step)
        alpha = spec.falseAlarmRate / Double(max(1, spec.testCount))
    }

    /// The answers of all declared checks, in the order in which a failure is reported.
    package func results() -> [CheckResult] {
        let checks = stage.checks
        var results: [CheckResult] = []
        if let check = checks.quality { results.append(judgeQuality(check)) }
        if let check = checks.errorRate { results.append(judgeErrors(check)) }
        if let check = checks.missingOutputs { results.append(judgeMissing(check)) }
        // Nothing is answered at 0 percent, so there is no latency to compare.
        if let check = checks.latency, stage.percent > 0 { results.append(judgeLatency(check)) }
        if let check = checks.disagreement { results.append(judgeDisagreement(check)) }
        if let check = checks.prediction { results.append(judgePrediction(check)) }
        if let check = checks.drift { results.append(judgeDrift(check)) }
        if let check = checks.estimate { results.append(judgeEstimate(check)) }
        if checks.replay != nil { results.append(judgeReplay()) }
        for (name, check) in checks.external { results.append(judgeExternal(name, check)) }
        if let comparison = spec.comparison, !stage.isWatch, stage.percent > 0 {
            results.append(judgeComparison(comparison))
        }
        if stage.minimumSamples > 0 { results.append(judgeSamples()) }
        return results
    }

    /// The verdict of all checks together: any failure fails, otherwise any undecided check waits.
    package static func verdict(_ results: [CheckResult]) -> StepVerdict {
        if let failed = results.first(where: { $0.outcome == .fail }) {
            return .fail(RolloutReason(failed.check, failed.detail))
        }
        let waiting = results.filter { $0.outcome == .undecided }
        guard waiting.isEmpty else {
            let text = waiting.map { "\($0.check): \($0.detail)" }.joined(separator: "; ")
            return waiting.contains(where: \.endsStep) ? .inconclusive(text) : .undecided(text)
        }
        return .pass
    }

    // MARK: - What the checks share

    /// Requests at a share of the traffic; rows scored beside the stable version where the candidate has none.
    private func judgeSamples() -> CheckResult {
        let here = evidence.step(step).candidate
        let seen = stage.percent > 0 ? here.requests : here.shadowed
        let wanted = stage.minimumSamples
        let what = stage.percent > 0 ? "requests" : "shadowed rows"
        return CheckResult(
            "samples",
            seen >= wanted ? .pass : .undecided,
            "\(seen) of \(wanted) \(what) at this step",
            figures: CheckResult.Figures(samples: seen, wanted: wanted)
        )
    }

    /// Whether the estimate is good enough to go on: in `proof` mode only the reverse test says so.
    func isProven(_ reverse: @autoclosure () -> Double) -> Bool {
        guard let rate = spec.falsePromotionRate else { return true }
        return SequentialTest.rejects(reverse(), alpha: rate)
    }

    /// Whether enough labels have come to judge by them alone.
    var labelsAreEnough: Bool {
        guard let check = stage.checks.quality else { return false }
        return labelCount(check) >= check.minimumLabels
    }

    func total(_ proportion: (StepEvidence) -> Proportion) -> Proportion {
        evidence.steps.reduce(Proportion()) { sum, step in
            let part = proportion(step)
            return Proportion(sum.count + part.count, of: sum.total + part.total)
        }
    }

    func describe(_ sample: Proportion) -> String { "\(sample.count) of \(sample.total)" }

    /// A number with three digits that count.
    func describe(_ value: Double) -> String {
        guard value.isFinite else { return "no number" }
        guard value != 0 else { return "0" }
        var (scale, size) = (1.0, abs(value))
        guard size < 1e12, size > 1e-12 else { return value.description }
        while size < 100 { (size, scale) = (size * 10, scale * 10) }
        return ((value * scale).rounded() / scale).description
    }
}
