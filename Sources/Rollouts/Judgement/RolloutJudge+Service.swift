/// How the candidate serves: errors, missing outputs, latency.
extension RolloutJudge {
    /// Fails when the candidate errs more than tolerated *and* more than the stable version.
    ///
    /// The null is a union, so each part is tested at the full rate (an intersection-union test).
    func judgeErrors(_ check: ErrorRateCheck) -> CheckResult {
        let candidate = total {
            Proportion(
                $0.candidate.errors + $0.candidate.shadowErrors,
                of: $0.candidate.requests + $0.candidate.shadowed
            )
        }
        var stable = total { Proportion($0.stable.errors, of: $0.stable.requests) }
        if stable.total == 0 { stable = evidence.errorsBefore }
        let here = evidence.step(step).candidate
        let recent = Proportion(here.errors + here.shadowErrors, of: here.requests + here.shadowed)
        return judgeRate("error_rate", "failed", check.maximum, candidate, stable, recent)
    }

    /// The same for rows without an answer, among those whose answers were looked at.
    func judgeMissing(_ check: MissingOutputsCheck) -> CheckResult {
        let candidate = total { Proportion($0.candidate.missing, of: $0.candidate.answers) }
        let stable = total { Proportion($0.stable.missing, of: $0.stable.answers) }
        let here = evidence.step(step).candidate
        let recent = Proportion(here.missing, of: here.answers)
        return judgeRate("missing_outputs", "without an answer", check.maximum, candidate, stable, recent)
    }

    private func judgeRate(
        _ name: String,
        _ what: String,
        _ maximum: Double,
        _ candidate: Proportion,
        _ stable: Proportion,
        _ recent: Proportion
    ) -> CheckResult {
        let aboveLimit = SequentialTest.rateAbove(maximum, candidate)
        let aboveStable =
            stable.total == 0 ? Double.infinity : SequentialTest.excess(candidate, over: stable, margin: 0)
        let figures = CheckResult.Figures(
            estimate: candidate.rate,
            reference: stable.total == 0 ? nil : stable.rate,
            threshold: maximum,
            logE: min(aboveLimit, aboveStable),
            alpha: alpha,
            samples: candidate.total,
            wanted: nil
        )
        let detail = "\(describe(candidate)) \(what), \(describe(stable)) of the stable version"
        if SequentialTest.rejects(min(aboveLimit, aboveStable), alpha: alpha) {
            return CheckResult(name, .fail, detail, figures: figures)
        }
        let isWithin = recent.total > 0 && recent.rate <= max(maximum, stable.rate)
        let passes = isWithin && isProven(SequentialTest.rateBelow(maximum, candidate))
        return CheckResult(name, passes ? .pass : .undecided, detail, figures: figures)
    }

    /// Compares how often each arm is slower than a threshold that was fixed from the stable version's past.
    ///
    /// By construction the stable version exceeded it at most `1 - quantile` of the time, which is the margin. Stages in
    /// which the stable version got no traffic are compared with its past, whose share of slow requests is taken to be
    /// no less than that.
    func judgeLatency(_ check: LatencyCheck) -> CheckResult {
        guard evidence.latencyThresholdKnown else {
            return CheckResult("latency", .undecided, "too few requests to know the stable version's latency")
        }
        let margin = 1 - check.quantile
        let past = Proportion(
            max(evidence.slowBefore.count, Int((Double(evidence.slowBefore.total) * margin).rounded(.up))),
            of: evidence.slowBefore.total
        )
        func stable(_ step: StepEvidence) -> Proportion {
            step.stable.timed > 0 ? Proportion(step.stable.slow, of: step.stable.timed) : past
        }
        var (logE, reverse, usesPast) = (0.0, 0.0, false)
        for step in evidence.steps where step.candidate.timed > 0 {
            // The past may be used once only: two stages compared with it would not be independent.
            if step.stable.timed == 0 {
                if usesPast { continue }
                usesPast = true
            }
            let sample = Proportion(step.candidate.slow, of: step.candidate.timed)
            logE += SequentialTest.excess(sample, over: stable(step), margin: margin)
            if spec.falsePromotionRate != nil {
                reverse += SequentialTest.excess(stable(step), over: sample, margin: -margin)
            }
        }
        let here = evidence.step(step)
        let candidate = Proportion(here.candidate.slow, of: here.candidate.timed)
        let reference = stable(here)
        let figures = CheckResult.Figures(
            estimate: candidate.rate,
            reference: reference.rate,
            threshold: margin,
            logE: logE,
            alpha: alpha,
            samples: candidate.total,
            wanted: stage.minimumSamples
        )
        let detail = "\(describe(candidate)) slower than tolerated, \(describe(reference)) of the stable version"
        if SequentialTest.rejects(logE, alpha: alpha) {
            return CheckResult("latency", .fail, detail, figures: figures)
        }
        let passes =
            candidate.total >= stage.minimumSamples && reference.total > 0
            && candidate.rate - reference.rate <= margin && isProven(reverse)
        return CheckResult("latency", passes ? .pass : .undecided, detail, figures: figures)
    }
}
