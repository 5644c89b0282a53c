/// What labels say.
extension RolloutJudge {
    func judgeQuality(_ check: QualityCheck) -> CheckResult {
        check.metric == .accuracy ? judgeAccuracy(check) : judgeError(check)
    }

    /// Labels that the check can use: of the arm that has fewer, or on the same rows when there are more of those.
    func labelCount(_ check: QualityCheck) -> Int {
        switch check.metric {
        case .accuracy:
            let (candidate, stable) = accuracies
            return min(candidate.total, stable.total)
        case .absoluteError, .squaredError:
            let (candidate, stable) = errors(check.metric)
            return max(paired(check.metric).candidate.count, min(candidate.count, stable.count))
        }
    }

    /// Accuracy: paired where both versions answered the row, unpaired otherwise; each test gets half the rate.
    private func judgeAccuracy(_ check: QualityCheck) -> CheckResult {
        let (pairs, drop) = (evidence.pairs, check.maximumDrop)
        let paired = SequentialTest.losses(
            pairs.stableOnly,
            wins: pairs.candidateOnly,
            pairs: pairs.total,
            margin: drop
        )
        let unpaired = perStage { SequentialTest.excess($1, over: $0, margin: drop) }
        let (candidate, stable) = accuracies
        let labels = min(candidate.total, stable.total)
        let figures = CheckResult.Figures(
            estimate: candidate.total == 0 ? nil : candidate.rate,
            reference: stable.total == 0 ? nil : stable.rate,
            threshold: drop,
            logE: max(paired, unpaired),
            alpha: alpha / 2,
            samples: labels,
            wanted: check.minimumLabels
        )
        let detail = "right on \(describe(candidate)) labelled rows, the stable version on \(describe(stable))"
        if SequentialTest.rejects(max(paired, unpaired), alpha: alpha / 2) {
            return CheckResult("quality", .fail, detail, figures: figures)
        }
        guard labels >= check.minimumLabels else { return tooFew(labels, check, figures) }
        let reverse = {
            SequentialTest.mean(
                of: [
                    SequentialTest.losses(
                        pairs.candidateOnly,
                        wins: pairs.stableOnly,
                        pairs: pairs.total,
                        margin: -drop
                    ), perStage { SequentialTest.excess($0, over: $1, margin: -drop) },
                ],
                count: 2
            )
        }
        let passes = stable.rate - candidate.rate <= drop && isProven(reverse())
        return CheckResult("quality", passes ? .pass : .undecided, detail, figures: figures)
    }

    /// Sum over stages of a test of the candidate's and the stable version's share of right answers.
    private func perStage(_ test: (_ candidate: Proportion, _ stable: Proportion) -> Double) -> Double {
        evidence.steps.reduce(0) { sum, step in
            sum
                + test(
                    Proportion(step.candidate.correct, of: step.candidate.labelled),
                    Proportion(step.stable.correct, of: step.stable.labelled)
                )
        }
    }

    /// Mean errors of numbers: paired where both versions answered the row, unpaired otherwise.
    private func judgeError(_ check: QualityCheck) -> CheckResult {
        let factor = 1 + check.maximumIncrease
        let pairs = paired(check.metric)
        let excess = pairs.excess(over: factor)
        let together = MeanTest.above(0, excess)
        let apart = evidence.steps.reduce(0) { sum, step in
            let (candidate, stable) = error(check.metric, step)
            return sum + MeanTest.excess(candidate, over: stable, factor: factor)
        }
        let (candidate, stable) = errors(check.metric)
        let isPaired = pairs.candidate.count >= min(candidate.count, stable.count)
        let own = isPaired ? pairs.candidate : candidate
        let other = isPaired ? pairs.stable : stable
        let labels = min(own.count, other.count)
        let unusable = max(pairs.candidate.unusable, candidate.unusable)
        let figures = CheckResult.Figures(
            estimate: labels == 0 ? nil : own.mean,
            reference: labels == 0 ? nil : other.mean,
            threshold: factor,
            logE: max(together, apart),
            alpha: alpha / 2,
            samples: labels,
            wanted: check.minimumLabels
        )
        let what = check.metric == .absoluteError ? "mean error" : "mean squared error"
        var detail =
            "\(what) \(describe(own.mean)) on \(labels) labelled rows, \(describe(other.mean)) of the stable version"
        if SequentialTest.rejects(max(together, apart), alpha: alpha / 2) {
            return CheckResult("quality", .fail, detail, figures: figures)
        }
        guard unusable == 0 else {
            detail += "; \(unusable) answers have no finite error"
            return CheckResult("quality", .undecided, detail, figures: figures)
        }
        guard labels >= check.minimumLabels else { return tooFew(labels, check, figures) }
        let reverse = {
            isPaired ? MeanTest.below(0, excess) : MeanTest.excess(scaled(other, factor), over: own)
        }
        let passes = own.mean.isFinite && own.mean <= factor * other.mean && isProven(reverse())
        return CheckResult("quality", passes ? .pass : .undecided, detail, figures: figures)
    }

    private func scaled(_ moments: Moments, _ factor: Double) -> Moments {
        var scaled = moments
        scaled.mean *= factor
        scaled.squares *= factor * factor
        return scaled
    }

    private func tooFew(_ labels: Int, _ check: QualityCheck, _ figures: CheckResult.Figures) -> CheckResult {
        CheckResult(
            "quality",
            check.required ? .undecided : .pass,
            "\(labels) of \(check.minimumLabels) labels",
            figures: figures
        )
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

    private func paired(_ metric: QualityCheck.Metric) -> PairedMoments {
        metric == .squaredError ? evidence.squaredErrors : evidence.absoluteErrors
    }

    private func error(_ metric: QualityCheck.Metric, _ step: StepEvidence) -> (candidate: Moments, stable: Moments) {
        metric == .squaredError
            ? (step.candidate.squaredError, step.stable.squaredError)
            : (step.candidate.absoluteError, step.stable.absoluteError)
    }

    private func errors(_ metric: QualityCheck.Metric) -> (candidate: Moments, stable: Moments) {
        evidence.steps.reduce((Moments(), Moments())) { sum, step in
            let (candidate, stable) = error(metric, step)
            return (sum.0 + candidate, sum.1 + stable)
        }
    }
}
