extension PrunerSpec.Percentile {
    /// Whether the trial's best value so far is worse than the percentile of complete trials at its last step.
    func prunes(_ trial: Trial, _ last: Trial.Report, _ history: TrialHistory, _ direction: Direction) -> Bool {
        guard !history.ranking.isEmpty, history.ranking.count >= startupTrials else { return false }
        guard JudgedSteps.includes(last, of: trial, warmup: warmupSteps, interval: interval) else { return false }
        let own = trial.reports.map { direction.loss($0.value) }.filter { !$0.isNaN }
        guard let best = own.min() else { return true }
        var values: [Double] = []
        for number in history.ranking {
            guard let report = history.trials[number].report(at: last.step) else { continue }
            values.append(direction.loss(report.value))
        }
        guard values.count >= minimumTrials else { return false }
        guard let limit = Self.quantile(values.filter { !$0.isNaN }, percentile / 100) else { return false }
        return best > limit
    }

    /// The linearly interpolated quantile; nil for no values.
    static func quantile(_ values: [Double], _ share: Double) -> Double? {
        guard !values.isEmpty else { return nil }
        let sorted = values.sorted()
        let place = share * Double(sorted.count - 1)
        let below = Int(place.rounded(.down))
        let above = min(below + 1, sorted.count - 1)
        let part = place - Double(below)
        guard part > 0, sorted[below] != sorted[above] else { return sorted[below] }
        return sorted[below] + (sorted[above] - sorted[below]) * part
    }
}

extension PrunerSpec.Threshold {
    /// Whether the last value lies outside of the bounds.
    func prunes(_ trial: Trial, _ last: Trial.Report) -> Bool {
        guard JudgedSteps.includes(last, of: trial, warmup: warmupSteps, interval: interval) else { return false }
        return last.value.isNaN || last.value < lower || last.value > upper
    }
}

/// The rule of patience.
enum PatientRule {
    /// Whether the best of the last `patience + 1` reports is worse than the best before by more than `gain`.
    static func hasStalled(_ trial: Trial, _ patience: Int, _ gain: Double, _ direction: Direction) -> Bool {
        guard trial.reports.count > patience + 1 else { return false }
        let losses = trial.reports.map { direction.loss($0.value) }
        let before = losses.dropLast(patience + 1).filter { !$0.isNaN }.min()
        let after = losses.suffix(patience + 1).filter { !$0.isNaN }.min()
        guard let before, let after else { return false }
        return before + gain < after
    }
}

extension Trial {
    /// The report of a step.
    package func report(at step: Int) -> Report? {
        var (low, high) = (0, reports.count)
        while low < high {
            let middle = (low + high) / 2
            if reports[middle].step < step { low = middle + 1 } else { high = middle }
        }
        return reports.indices.contains(low) && reports[low].step == step ? reports[low] : nil
    }
}
