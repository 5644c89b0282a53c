/// What the candidate answers, without labels: disagreement and distribution.
extension RolloutJudge {
    func judgeDisagreement(_ check: DisagreementCheck) -> CheckResult {
        let sample = evidence.disagreement
        let logE = SequentialTest.rateAbove(check.maximum, sample)
        let figures = CheckResult.Figures(
            estimate: sample.total == 0 ? nil : sample.rate,
            threshold: check.maximum,
            logE: logE,
            alpha: alpha,
            samples: sample.total,
            wanted: stage.minimumSamples
        )
        let detail = "answers differ on \(describe(sample)) rows that both versions scored"
        func result(_ outcome: CheckResult.Outcome, _ more: String = "") -> CheckResult {
            CheckResult("disagreement", outcome, detail + more, figures: figures)
        }
        if labelsAreEnough { return result(.pass, "; labels decide") }
        if SequentialTest.rejects(logE, alpha: alpha) {
            // A better model must differ from a worse one: where labels are expected they get the chance to say so.
            let waits = stage.checks.quality != nil && timeAtStep < (check.waitForLabels ?? stage.timeout)
            return waits ? result(.undecided, "; labels are awaited") : result(.fail)
        }
        let passes =
            sample.total >= max(1, stage.minimumSamples) && sample.rate <= check.maximum
            && isProven(SequentialTest.rateBelow(check.maximum, sample))
        return result(passes ? .pass : .undecided)
    }

    /// Compares the distributions of both versions' answers, aspect by aspect.
    ///
    /// For each aspect ("is class k", "is at most the bound k") and direction there is an e-process against "the shares
    /// differ by at most `max_shift`": paired on the rows that both scored, else between the arms of each stage. Their
    /// mean is the check's, so that one aspect alone suffices and none is favoured.
    func judgePrediction(_ check: PredictionCheck) -> CheckResult {
        let answers = evidence.answers
        guard answers.aspects > 0 else {
            let known = "too few answers of the stable version to know their distribution"
            return CheckResult("prediction", labelsAreEnough ? .pass : .undecided, known)
        }
        let shift = answers.pairs > 0 ? pairedShift(check) : unpairedShift(check)
        let figures = CheckResult.Figures(
            estimate: shift.samples == 0 ? nil : shift.largest,
            threshold: check.maximumShift,
            logE: shift.logE,
            alpha: alpha,
            samples: shift.samples,
            wanted: stage.minimumSamples
        )
        let detail = "answers are shifted by \(describe(shift.largest)) at most, on \(shift.samples) rows"
        func result(_ outcome: CheckResult.Outcome, _ more: String = "") -> CheckResult {
            CheckResult("prediction", outcome, detail + more, figures: figures)
        }
        if labelsAreEnough { return result(.pass, "; labels decide") }
        if SequentialTest.rejects(shift.logE, alpha: alpha) {
            // As with disagreement, labels get the chance to say that the shift is for the better.
            let waits = stage.checks.quality != nil && timeAtStep < (check.waitForLabels ?? stage.timeout)
            return waits ? result(.undecided, "; labels are awaited") : result(.fail)
        }
        let passes =
            shift.samples >= max(1, stage.minimumSamples) && shift.largest <= check.maximumShift
            && isProven(shift.reverse)
        return result(passes ? .pass : .undecided)
    }

    private struct Shift {
        /// The largest difference of any aspect's shares.
        var largest = 0.0
        /// Evidence against "no aspect differs by more than tolerated".
        var logE = 0.0
        /// Evidence against "some aspect differs by more than tolerated"; 0 when nobody asks.
        var reverse = 0.0
        /// Rows behind it.
        var samples = 0
    }

    private func pairedShift(_ check: PredictionCheck) -> Shift {
        let answers = evidence.answers
        let (rows, margin) = (answers.pairs, check.maximumShift)
        var (shift, logs, reverse) = (Shift(), [Double](), Double.infinity)
        shift.samples = rows
        for (gained, lost) in zip(answers.candidateOnly, answers.stableOnly) {
            shift.largest = max(shift.largest, abs(Double(gained - lost)) / Double(rows))
            let (more, less) = (max(gained, lost), min(gained, lost))
            logs.append(SequentialTest.losses(more, wins: less, pairs: rows, margin: margin))
            if spec.falsePromotionRate != nil {
                for (left, right) in [(gained, lost), (lost, gained)] {
                    reverse = min(reverse, SequentialTest.losses(left, wins: right, pairs: rows, margin: -margin))
                }
            }
        }
        shift.logE = SequentialTest.mean(of: logs, count: 2 * answers.aspects)
        shift.reverse = reverse.isFinite ? reverse : 0
        return shift
    }

    private func unpairedShift(_ check: PredictionCheck) -> Shift {
        let (answers, margin) = (evidence.answers, check.maximumShift)
        var (shift, logs, reverse) = (Shift(), [Double](), Double.infinity)
        for aspect in 0..<answers.aspects {
            var (candidate, stable) = (Proportion(), Proportion())
            var (more, less, least) = (0.0, 0.0, 0.0)
            for step in evidence.steps {
                let left = part(aspect, step.candidate.bins)
                let right = part(aspect, step.stable.bins)
                guard left.total > 0, right.total > 0 else { continue }
                candidate = Proportion(candidate.count + left.count, of: candidate.total + left.total)
                stable = Proportion(stable.count + right.count, of: stable.total + right.total)
                more += SequentialTest.excess(left, over: right, margin: margin)
                less += SequentialTest.excess(right, over: left, margin: margin)
                guard spec.falsePromotionRate != nil else { continue }
                least += min(
                    SequentialTest.excess(left, over: right, margin: -margin),
                    SequentialTest.excess(right, over: left, margin: -margin)
                )
            }
            shift.samples = min(candidate.total, stable.total)
            shift.largest = max(shift.largest, abs(candidate.rate - stable.rate))
            logs += [more, less]
            reverse = min(reverse, least)
        }
        shift.logE = SequentialTest.mean(of: logs, count: 2 * answers.aspects)
        shift.reverse = reverse.isFinite ? reverse : 0
        return shift
    }

    private func part(_ aspect: Int, _ bins: [Int]) -> Proportion {
        Proportion(evidence.answers.count(aspect, in: bins), of: bins.reduce(0, +))
    }
}
