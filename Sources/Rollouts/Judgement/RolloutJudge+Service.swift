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
    /// By construction the stable version exceeded it at most `1 - quantile` of the time, which is the margin. The stages
    /// in which the stable version got no traffic are together compared with its past, whose share of slow requests is
    /// taken to be no less than that.
    func judgeLatency(_ check: LatencyCheck) -> CheckResult {
        guard evidence.latencyThresholdKnown else {
            return CheckResult("latency", .undecided, "too few requests to know the stable version's latency")
        }
        let margin = 1 - check.quantile
        let samples = latencySamples(margin)
        let logE = samples.reduce(0) { $0 + SequentialTest.excess($1.candidate, over: $1.stable, margin: margin) }
        let here = evidence.step(step)
        let candidate = Proportion(here.candidate.slow, of: here.candidate.timed)
        var reference = Proportion(here.stable.slow, of: here.stable.timed)
        if reference.total == 0 { reference = pastLatency(margin) }
        if reference.total == 0 { reference = total { Proportion($0.stable.slow, of: $0.stable.timed) } }
        let figures = CheckResult.Figures(
            estimate: candidate.total == 0 ? nil : candidate.rate,
            reference: reference.total == 0 ? nil : reference.rate,
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
        let isWithin =
            candidate.total >= max(1, stage.minimumSamples) && reference.total > 0
            && candidate.rate - reference.rate <= margin
        let passes =
            isWithin
            && isProven(
                samples.reduce(0) { $0 + SequentialTest.excess($1.stable, over: $1.candidate, margin: -margin) }
            )
        return CheckResult("latency", passes ? .pass : .undecided, detail, figures: figures)
    }

    /// Slow requests of both arms: one pair for each stage with traffic of both, one for all others together.
    private func latencySamples(_ margin: Double) -> [(candidate: Proportion, stable: Proportion)] {
        var samples: [(candidate: Proportion, stable: Proportion)] = []
        var alone = Proportion()
        for step in evidence.steps where step.candidate.timed > 0 {
            let candidate = Proportion(step.candidate.slow, of: step.candidate.timed)
            if step.stable.timed > 0 {
                samples.append((candidate, Proportion(step.stable.slow, of: step.stable.timed)))
            } else {
                alone = Proportion(alone.count + candidate.count, of: alone.total + candidate.total)
            }
        }
        if alone.total > 0 { samples.append((alone, pastLatency(margin))) }
        return samples
    }

    /// Slow requests of the stable version before the rollout, at least the share that the quantile leaves.
    private func pastLatency(_ margin: Double) -> Proportion {
        let past = evidence.slowBefore
        return Proportion(max(past.count, Int((Double(past.total) * margin).rounded(.up))), of: past.total)
    }
}
