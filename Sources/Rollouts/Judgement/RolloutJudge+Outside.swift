import Core

/// What is measured elsewhere: drift, estimates, replays, queries, webhooks.
extension RolloutJudge {
    func judgeDrift(_ check: DriftCheck) -> CheckResult {
        if labelsAreEnough { return CheckResult("drift", .pass, "labels decide") }
        let measured = evidence.measurements["drift"]
        let drifted: Bool?
        switch measured?.outcome {
        case .pass: drifted = false
        case .fail: drifted = true
        case .undecided, nil: drifted = evidence.candidateDrift
        }
        let figures = CheckResult.Figures(estimate: measured?.value, samples: measured?.samples)
        let said = measured.map { $0.message.isEmpty ? "" : ": \($0.message)" } ?? ""
        switch drifted {
        case nil:
            return CheckResult(
                "drift",
                .undecided,
                "no verdict against the candidate's reference yet",
                figures: figures
            )
        case false?:
            return CheckResult("drift", .pass, "no drift from the candidate's reference", figures: figures)
        case true?:
            let detail = "traffic has drifted from the candidate's reference\(said)"
            return CheckResult("drift", check.rollsBack ? .fail : .undecided, detail, figures: figures)
        }
    }

    /// The measured value is the estimated drop: the stable version's metric less the candidate's.
    func judgeEstimate(_ check: EstimateCheck) -> CheckResult {
        guard let measured = evidence.measurements["estimate"], !measured.isError else {
            let why = evidence.measurements["estimate"]?.message ?? "no estimate yet"
            return CheckResult("estimate", labelsAreEnough ? .pass : .undecided, why)
        }
        let figures = CheckResult.Figures(
            estimate: measured.value,
            threshold: check.maximumDrop,
            samples: measured.samples,
            wanted: check.minimumRows
        )
        let drop = measured.value.map { "estimated to be worse by \(describe($0))" } ?? "no estimate yet"
        let detail = measured.message.isEmpty ? drop : "\(drop); \(measured.message)"
        if labelsAreEnough { return CheckResult("estimate", .pass, "\(detail); labels decide", figures: figures) }
        guard measured.samples ?? check.minimumRows >= check.minimumRows else {
            return CheckResult("estimate", .undecided, detail, figures: figures)
        }
        let condition = MeasurementCondition(maximum: check.maximumDrop)
        switch measured.outcome(under: condition) {
        case .fail: return CheckResult("estimate", check.rollsBack ? .fail : .undecided, detail, figures: figures)
        case .pass where measured.value?.isFinite ?? false:
            return CheckResult("estimate", .pass, detail, figures: figures)
        case .pass, .undecided: return CheckResult("estimate", .undecided, detail, figures: figures)
        }
    }

    func judgeReplay() -> CheckResult {
        guard let measured = evidence.measurements["replay"] else {
            return CheckResult("replay", .undecided, "the replay of the ledger is not done yet")
        }
        let figures = CheckResult.Figures(estimate: measured.value, samples: measured.samples)
        let isSound = measured.value?.isFinite ?? true
        let outcome = measured.isError || !isSound ? .undecided : measured.outcome ?? .undecided
        let detail = measured.message.isEmpty ? "the replay says \(outcome.rawValue)" : measured.message
        return CheckResult("replay", outcome, detail, figures: figures)
    }

    func judgeExternal(_ name: String, _ check: ExternalCheck) -> CheckResult {
        let tally = evidence.tallies[name] ?? MeasurementTally()
        var detail = "\(tally.passed) of \(check.count) measurements are good, \(tally.failed) failed"
        if tally.inconclusive > 0 { detail += ", \(tally.inconclusive) without an answer" }
        if tally.errorsInARow > 0 { detail += ", \(tally.errorsInARow) errors in a row" }
        if !tally.lastMessage.isEmpty { detail += "; last: \(tally.lastMessage)" }
        let figures = CheckResult.Figures(
            estimate: tally.lastValue,
            threshold: check.condition.maximum ?? check.condition.minimum,
            samples: tally.passed,
            wanted: check.count
        )
        let (outcome, endsStep) = tally.verdict(check)
        return CheckResult(name, outcome, detail, figures: figures, endsStep: endsStep)
    }
}

extension MeasurementTally {
    /// What the counts say under a check's limits, and whether further measurements at the stage cannot change it.
    package func verdict(_ check: ExternalCheck) -> (outcome: CheckResult.Outcome, endsStep: Bool) {
        if failed > check.failureLimit { return (.fail, true) }
        if inconclusive > check.inconclusiveLimit || errorsInARow > check.errorLimit { return (.undecided, true) }
        return (passed >= check.count ? .pass : .undecided, false)
    }
}

extension EvidenceSnapshot {
    /// Counts what came from outside at this look, beside what was counted before.
    mutating func count(_ checks: RolloutChecks, after earlier: [String: MeasurementTally], since start: Timestamp) {
        tallies = [:]
        for (name, check) in checks.external {
            var tally = earlier[name] ?? MeasurementTally()
            if let measured = measurements[name] {
                if let counted = measured.tally {
                    tally = counted
                } else if measured.takenAt >= start || tally.lastAt != nil {
                    tally.add(measured, under: check.condition)
                }
            }
            tallies[name] = tally
        }
    }
}
