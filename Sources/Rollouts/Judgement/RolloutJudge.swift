/// Turns a rollout's evidence into a verdict: a pure function of specification, evidence and step.
///
/// A candidate fails only by a sequential test, so looking often does not raise the false-alarm rate; that rate is
/// divided between the checks. It passes only with the minimum of samples and every estimate within its tolerance.
/// Labels are the truth and the other comparisons of outputs stand in for it: once enough labels have come,
/// disagreement with the stable version and drift are no longer asked.
package struct RolloutJudge: Sendable {
    private let spec: RolloutSpec
    private let evidence: EvidenceSnapshot
    private let step: Int
    private let isTimeOver: Bool

    /// Prepares to judge `evidence` at `step`; `isTimeOver` when the step's timeout has passed.
    package init(spec: RolloutSpec, evidence: EvidenceSnapshot, step: Int, isTimeOver: Bool) {
        self.spec = spec
        self.evidence = evidence
        self.step = step
        self.isTimeOver = isTimeOver
    }

    /// The answers of all declared checks, in the order in which a failure is reported.
    package func results() -> [CheckResult] {
        let checks = spec.checks
        let quality = checks.quality.map(judgeQuality)
        var results: [CheckResult] = []
        if let quality { results.append(quality) }
        if let check = checks.errorRate { results.append(judgeErrors(check)) }
        if let check = checks.latency { results.append(judgeLatency(check)) }
        if let check = checks.disagreement { results.append(judgeDisagreement(check)) }
        if let check = checks.drift { results.append(judgeDrift(check)) }
        results.append(judgeSamples())
        return results
    }

    /// The verdict of all checks together: any failure fails, otherwise any undecided check waits.
    package static func verdict(_ results: [CheckResult]) -> StepVerdict {
        if let failed = results.first(where: { $0.outcome == .fail }) {
            return .fail(RolloutReason(failed.check, failed.detail))
        }
        let waiting = results.filter { $0.outcome == .undecided }
        guard waiting.isEmpty else {
            return .undecided(waiting.map { "\($0.check): \($0.detail)" }.joined(separator: "; "))
        }
        return .pass
    }

    private var alpha: Double { spec.falseAlarmRate / Double(max(1, spec.checks.testCount)) }

    private func judgeSamples() -> CheckResult {
        let seen = evidence.step(step).candidate.requests
        let detail = "\(seen) of \(spec.minimumSamples) requests at this step"
        return CheckResult("samples", seen >= spec.minimumSamples ? .pass : .undecided, detail)
    }

    /// Fails when the candidate errs more than tolerated *and* more than the stable version.
    ///
    /// The null is a union, so each part is tested at the full rate (an intersection-union test).
    private func judgeErrors(_ check: ErrorRateCheck) -> CheckResult {
        let candidate = total { Proportion($0.candidate.errors, of: $0.candidate.requests) }
        let stable = total { Proportion($0.stable.errors, of: $0.stable.requests) }
        let detail = "\(describe(candidate)) failed, \(describe(stable)) of the stable version"
        let isAboveLimit = SequentialTest.rejects(SequentialTest.rateAbove(check.maximum, candidate), alpha: alpha)
        let excess = SequentialTest.excess(candidate, over: stable, margin: 0)
        let isAboveStable = stable.total == 0 || SequentialTest.rejects(excess, alpha: alpha)
        if isAboveLimit, isAboveStable { return CheckResult("error_rate", .fail, detail) }
        let here = evidence.step(step).candidate
        let isWithin = Proportion(here.errors, of: here.requests).rate <= max(check.maximum, stable.rate)
        return CheckResult("error_rate", isWithin && here.requests > 0 ? .pass : .undecided, detail)
    }

    /// Compares how often each arm is slower than a threshold that was fixed from the stable version's past.
    ///
    /// By construction the stable version exceeded it at most `1 - quantile` of the time, which is the margin.
    private func judgeLatency(_ check: LatencyCheck) -> CheckResult {
        guard evidence.latencyThresholdKnown else {
            return CheckResult("latency", .undecided, "too few requests to know the stable version's latency")
        }
        let margin = 1 - check.quantile
        let logE = evidence.steps.reduce(0) { sum, step in
            sum
                + SequentialTest.excess(
                    Proportion(step.candidate.slow, of: step.candidate.timed),
                    over: Proportion(step.stable.slow, of: step.stable.timed),
                    margin: margin
                )
        }
        let here = evidence.step(step)
        let candidate = Proportion(here.candidate.slow, of: here.candidate.timed)
        let stable =
            here.stable.timed > 0
            ? Proportion(here.stable.slow, of: here.stable.timed)
            : total { Proportion($0.stable.slow, of: $0.stable.timed) }
        let detail = "\(describe(candidate)) slower than tolerated, \(describe(stable)) of the stable version"
        if SequentialTest.rejects(logE, alpha: alpha) { return CheckResult("latency", .fail, detail) }
        guard candidate.total >= spec.minimumSamples else { return CheckResult("latency", .undecided, detail) }
        return CheckResult("latency", candidate.rate - stable.rate <= margin ? .pass : .undecided, detail)
    }

    /// Labels: paired where both versions answered the row, unpaired otherwise; each test gets half the rate.
    private func judgeQuality(_ check: QualityCheck) -> CheckResult {
        let pairs = evidence.pairs
        let paired = SequentialTest.losses(
            pairs.stableOnly,
            wins: pairs.candidateOnly,
            pairs: pairs.total,
            margin: check.maximumDrop
        )
        let unpaired = evidence.steps.reduce(0) { sum, step in
            sum
                + SequentialTest.excess(
                    Proportion(step.stable.correct, of: step.stable.labelled),
                    over: Proportion(step.candidate.correct, of: step.candidate.labelled),
                    margin: check.maximumDrop
                )
        }
        let fails = [paired, unpaired].contains { SequentialTest.rejects($0, alpha: alpha / 2) }
        let (candidate, stable) = accuracies
        let labels = min(candidate.total, stable.total)
        let detail = "right on \(describe(candidate)) labelled rows, the stable version on \(describe(stable))"
        if fails { return CheckResult("quality", .fail, detail) }
        guard labels >= check.minimumLabels else {
            let waiting = "\(labels) of \(check.minimumLabels) labels"
            return CheckResult("quality", check.required ? .undecided : .pass, waiting)
        }
        return CheckResult("quality", stable.rate - candidate.rate <= check.maximumDrop ? .pass : .undecided, detail)
    }

    /// Accuracy of candidate and stable version, on the same rows if there are any such.
    private var accuracies: (candidate: Proportion, stable: Proportion) {
        let pairs = evidence.pairs
        let candidate = total { Proportion($0.candidate.correct, of: $0.candidate.labelled) }
        let stable = total { Proportion($0.stable.correct, of: $0.stable.labelled) }
        guard pairs.total >= min(candidate.total, stable.total) else { return (candidate, stable) }
        return (
            Proportion(pairs.both + pairs.candidateOnly, of: pairs.total),
            Proportion(pairs.both + pairs.stableOnly, of: pairs.total)
        )
    }

    /// Whether enough labels have come to judge by them alone.
    private var labelsAreEnough: Bool {
        guard let check = spec.checks.quality else { return false }
        let (candidate, stable) = accuracies
        return min(candidate.total, stable.total) >= check.minimumLabels
    }

    private func judgeDisagreement(_ check: DisagreementCheck) -> CheckResult {
        let sample = evidence.disagreement
        let detail = "answers differ on \(describe(sample)) rows that both versions scored"
        if labelsAreEnough { return CheckResult("disagreement", .pass, "\(detail); labels decide") }
        if SequentialTest.rejects(SequentialTest.rateAbove(check.maximum, sample), alpha: alpha) {
            // A better model must differ from a worse one: where labels are expected they get the chance to say so.
            let waits = spec.checks.quality != nil && !isTimeOver
            return CheckResult(
                "disagreement",
                waits ? .undecided : .fail,
                waits ? "\(detail); labels are awaited" : detail
            )
        }
        guard sample.total >= spec.minimumSamples else { return CheckResult("disagreement", .undecided, detail) }
        return CheckResult("disagreement", sample.rate <= check.maximum ? .pass : .undecided, detail)
    }

    private func judgeDrift(_ check: DriftCheck) -> CheckResult {
        if labelsAreEnough { return CheckResult("drift", .pass, "labels decide") }
        switch evidence.candidateDrift {
        case .none: return CheckResult("drift", .undecided, "no verdict against the candidate's reference yet")
        case .some(false): return CheckResult("drift", .pass, "no drift from the candidate's reference")
        case .some(true):
            let detail = "traffic has drifted from the candidate's reference"
            return CheckResult("drift", check.rollsBack ? .fail : .undecided, detail)
        }
    }

    private func total(_ proportion: (StepEvidence) -> Proportion) -> Proportion {
        evidence.steps.reduce(Proportion()) { sum, step in
            let part = proportion(step)
            return Proportion(sum.count + part.count, of: sum.total + part.total)
        }
    }

    private func describe(_ sample: Proportion) -> String { "\(sample.count) of \(sample.total)" }
}
