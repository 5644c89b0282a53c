/// A/B tests: which arm wins by the chosen metric.
extension RolloutJudge {
    /// Wins when "not better" is rejected, loses when "not worse" is.
    ///
    /// Ends without a winner once the difference is shown to be smaller than what matters. Rows of the two arms are
    /// independent: each user saw one version.
    func judgeComparison(_ comparison: MetricComparison) -> CheckResult {
        let contest = Contest(comparison, evidence.step(step))
        let better = contest.evidence(that: .candidate, exceedsBy: 0)
        let worse = contest.evidence(that: .stable, exceedsBy: 0)
        let samples = contest.samples
        let figures = CheckResult.Figures(
            estimate: contest.candidate,
            reference: contest.stable,
            threshold: comparison.minimumEffect,
            logE: worse,
            alpha: alpha,
            samples: samples,
            wanted: stage.minimumSamples
        )
        let name = comparison.metric.rawValue
        let detail =
            "\(name) \(describe(contest.candidate ?? .nan)) against \(describe(contest.stable ?? .nan)) of the stable version"
        func result(_ outcome: CheckResult.Outcome, _ verdict: String, endsStep: Bool = false) -> CheckResult {
            CheckResult("ab", outcome, "\(verdict): \(detail)", figures: figures, endsStep: endsStep)
        }
        guard samples >= stage.minimumSamples else {
            return result(.undecided, "\(samples) of \(stage.minimumSamples) rows of each version")
        }
        if SequentialTest.rejects(worse, alpha: alpha) { return result(.fail, "loser") }
        if SequentialTest.rejects(better, alpha: comparison.falseWinRate) { return result(.pass, "winner") }
        let effect = comparison.minimumEffect
        if effect > 0,
            SequentialTest.rejects(contest.evidence(that: .stable, exceedsBy: -effect), alpha: alpha),
            SequentialTest.rejects(contest.evidence(that: .candidate, exceedsBy: -effect), alpha: alpha)
        {
            return result(.undecided, "no difference that matters", endsStep: true)
        }
        return result(.undecided, "no winner yet")
    }
}

/// One metric of two arms.
private struct Contest {
    private enum Samples {
        case rates(candidate: Proportion, stable: Proportion)
        case means(candidate: Moments, stable: Moments)
    }

    private let arms: Samples
    private let isHigherBetter: Bool

    init(_ comparison: MetricComparison, _ step: StepEvidence) {
        isHigherBetter = comparison.isHigherBetter
        func means(_ path: KeyPath<ArmEvidence, Moments>) -> Samples {
            .means(candidate: step.candidate[keyPath: path], stable: step.stable[keyPath: path])
        }
        switch comparison.metric {
        case .accuracy:
            arms = .rates(
                candidate: Proportion(step.candidate.correct, of: step.candidate.labelled),
                stable: Proportion(step.stable.correct, of: step.stable.labelled)
            )
        case .errorRate:
            arms = .rates(
                candidate: Proportion(step.candidate.errors, of: step.candidate.requests),
                stable: Proportion(step.stable.errors, of: step.stable.requests)
            )
        case .label: arms = means(\.label)
        case .absoluteError: arms = means(\.absoluteError)
        case .latency: arms = means(\.latency)
        case .score: arms = means(\.score)
        }
    }

    /// Rows of the arm that has fewer.
    var samples: Int {
        switch arms {
        case .rates(let candidate, let stable): min(candidate.total, stable.total)
        case .means(let candidate, let stable): min(candidate.count, stable.count)
        }
    }

    var candidate: Double? {
        switch arms {
        case .rates(let candidate, _): candidate.total == 0 ? nil : candidate.rate
        case .means(let candidate, _): candidate.count == 0 ? nil : candidate.mean
        }
    }

    var stable: Double? {
        switch arms {
        case .rates(_, let stable): stable.total == 0 ? nil : stable.rate
        case .means(_, let stable): stable.count == 0 ? nil : stable.mean
        }
    }

    /// Evidence that an arm is better than the other by more than `margin`.
    func evidence(that arm: TrafficArm, exceedsBy margin: Double) -> Double {
        let isFirst = (arm == .candidate) == isHigherBetter
        switch arms {
        case .rates(let candidate, let stable):
            return isFirst
                ? SequentialTest.excess(candidate, over: stable, margin: margin)
                : SequentialTest.excess(stable, over: candidate, margin: margin)
        case .means(let candidate, let stable):
            guard candidate.unusable == 0 || arm == .stable else { return 0 }
            return isFirst
                ? MeanTest.excess(candidate, over: stable, bound: margin)
                : MeanTest.excess(stable, over: candidate, bound: margin)
        }
    }
}
