import Core

/// Holds what was counted against a gate: a pure function.
///
/// A bound is kept when the estimate keeps it. It is broken when even the end of the 95 % interval that is kindest to the
/// candidate breaks it. Between the two, and with too few rows, nothing is decided, which is never a pass.
struct ReplayJudge: Sendable {
    let bounds: ReplayBounds

    /// The verdict on a report's figures.
    func verdict(_ report: ReplayReport) -> ReplayVerdict {
        var checks = [rows(report), errors(report)]
        if let bound = bounds.minimumAgreement { checks.append(agreement(report, bound)) }
        if let bound = bounds.maximumDrop { checks.append(metric(report, bound)) }
        if let bound = bounds.maximumLatencyRatio { checks.append(latency(report, bound)) }
        let outcome: ReplayVerdict.Outcome =
            checks.contains { $0.outcome == .fail }
            ? .fail : checks.contains { $0.outcome != .pass } ? .inconclusive : .pass
        let told = checks.first { $0.outcome == .fail } ?? checks.first { $0.outcome != .pass }
        return ReplayVerdict(
            outcome,
            told.map { "\($0.name): \($0.detail)" } ?? "every bound is kept on \(report.rows) predictions",
            checks: checks
        )
    }

    /// Share of rows on which a candidate may fail before it is broken: none is kept, more than this is broken.
    static let toleratedFailures = 0.01

    private func rows(_ report: ReplayReport) -> ReplayVerdict.Check {
        let detail = "\(report.rows) of \(bounds.minimumRows) predictions compared"
        return .init("rows", report.rows >= bounds.minimumRows ? .pass : .inconclusive, detail)
    }

    private func errors(_ report: ReplayReport) -> ReplayVerdict.Check {
        let detail = "the candidate failed on \(report.failed) of \(report.rows) rows"
        guard report.failed > 0 else { return .init("errors", .pass, detail) }
        let share = Interval(share: report.failed, of: report.rows)
        let isBroken = (share?.low ?? 0) > Self.toleratedFailures
        let why = report.failure.map { "\(detail): \($0)" } ?? detail
        return .init("errors", isBroken ? .fail : .inconclusive, why)
    }

    private func agreement(_ report: ReplayReport, _ bound: Double) -> ReplayVerdict.Check {
        guard let share = report.agreement else { return .init("agreement", .inconclusive, "nothing was compared") }
        let detail = "\(ReplayWords.percent(share)) answered as before, \(ReplayWords.percent(bound)) wanted"
        let lack = Interval(-share.value, low: -share.high, high: -share.low)
        return .init("agreement", Self.outcome(lack, atMost: -bound), detail)
    }

    private func metric(_ report: ReplayReport, _ bound: Double) -> ReplayVerdict.Check {
        guard let metric = report.metric, metric.rows >= bounds.minimumLabels else {
            let detail = "\(report.metric?.rows ?? 0) of \(bounds.minimumLabels) labels"
            guard bounds.requiresLabels else { return .init("metric", .pass, "\(detail); the other bounds decide") }
            return .init("metric", .inconclusive, detail)
        }
        let figures =
            "\(metric.name) \(ReplayWords.number(metric.candidate)), logged \(ReplayWords.number(metric.logged))"
        let drop: Interval?
        switch metric.loss {
        case .difference(let gain): drop = Interval(-gain.value, low: -gain.high, high: -gain.low)
        // An error may grow by the bound's share: what counts is how far it lies past that.
        case .errors(let errors): drop = errors.excess(over: 1 + bound)
        }
        guard let drop else { return .init("metric", .inconclusive, figures) }
        let limit = if case .errors = metric.loss { 0.0 } else { bound }
        return .init("metric", Self.outcome(drop, atMost: limit), "\(figures), a loss of \(bound) tolerated")
    }

    private func latency(_ report: ReplayReport, _ bound: Double) -> ReplayVerdict.Check {
        guard let comparison = report.latencyComparison else {
            return .init("latency", .inconclusive, "too few times to compare")
        }
        let (ours, theirs) = (comparison.candidate, comparison.other)
        let ratio = theirs.value > 0 ? ours.value / theirs.value : .infinity
        let detail =
            "the 95 % latency is \(ReplayWords.number(ours)) µs, \(ReplayWords.number(theirs)) µs of the "
            + "\(comparison.with): a ratio of \(ReplayWords.rounded(ratio))"
        let outcome: ReplayVerdict.Outcome =
            ratio <= bound ? .pass : ours.low > bound * theirs.high ? .fail : .inconclusive
        return .init("latency", outcome, detail)
    }

    /// Whether an estimate keeps a bound, breaks it, or could do either.
    static func outcome(_ estimate: Interval, atMost bound: Double) -> ReplayVerdict.Outcome {
        if estimate.value <= bound { return .pass }
        return estimate.low > bound ? .fail : .inconclusive
    }
}

/// Figures in few digits.
enum ReplayWords {
    static func rounded(_ value: Double) -> String {
        guard value.isFinite else { return "∞" }
        let digits = abs(value) >= 100 ? 10.0 : 10_000
        let short = (value * digits).rounded() / digits
        return Int(exactly: short).map(String.init) ?? "\(short)"
    }

    static func number(_ interval: Interval) -> String { rounded(interval.value) }

    static func percent(_ share: Double) -> String { "\(rounded((share * 10_000).rounded() / 100)) %" }

    static func percent(_ share: Interval) -> String {
        "\(percent(share.value)) (\(percent(share.low)) to \(percent(share.high)))"
    }
}
