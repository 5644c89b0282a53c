/// What a replay found, with its verdict.
package struct ReplayReport: Sendable {
    /// How answers were read.
    package enum Kind: String, Sendable, Equatable {
        /// As classes.
        case classification
        /// As probabilities of class 1, of a model that nobody gave class names.
        case probability
        /// As numbers.
        case regression
    }

    /// One metric on the rows with labels.
    struct Metric: Sendable {
        /// How a loss is measured.
        enum Loss: Sendable {
            /// As a difference, by how much the candidate gains.
            case difference(Interval)
            /// As a share of the error that was logged.
            case errors(PairedErrors)
        }

        let name: String
        let rows: Int
        let candidate: Interval
        let logged: Interval
        let loss: Loss

        /// How much better the candidate is; negative for a loss.
        var gain: Interval? {
            switch loss {
            case .difference(let gain): gain
            case .errors(let errors): errors.gain
            }
        }
    }

    let tally: ReplayTally
    /// How answers were read.
    package let kind: Kind
    /// What it means.
    package let verdict: ReplayVerdict

    init(_ tally: ReplayTally) {
        let unjudged = ReplayReport(tally, ReplayVerdict(.noEvidence, Self.nothing(tally)))
        guard unjudged.rows > 0 else {
            self = unjudged
            return
        }
        let verdict = tally.request.gate.map { ReplayJudge(bounds: $0).verdict(unjudged) }
        self.init(
            tally,
            verdict ?? ReplayVerdict(.reported, "\(unjudged.rows) predictions compared; no gate was asked for")
        )
    }

    private init(_ tally: ReplayTally, _ verdict: ReplayVerdict) {
        self.tally = tally
        kind = tally.kind
        self.verdict = verdict
    }

    private static func nothing(_ tally: ReplayTally) -> String {
        guard tally.read > 0 else {
            return "the ledger has no prediction of '\(tally.request.deployment)' in the window"
        }
        let reasons = tally.skipped.map { "\($0.key.name) \($0.value)" }.sorted().joined(separator: ", ")
        return "none of \(tally.read) predictions can be asked again (\(reasons))"
    }

    /// Predictions that were compared.
    package var rows: Int { tally.all.rows }
    /// Of those, the ones on which the candidate failed.
    var failed: Int { tally.all.failed }
    /// The first failure, in words.
    var failure: String? { tally.failure }
    /// The share of answers that are the same.
    var agreement: Interval? { agreement(of: tally.all) }
    /// The metric that decides; nil without labels.
    var metric: Metric? { metric(of: tally.all) }

    func agreement(of part: PairTally) -> Interval? {
        let differing = kind == .probability ? part.probabilities.differing : part.differing
        return Interval(share: part.rows - differing, of: part.rows)
    }

    func metric(of part: PairTally) -> Metric? {
        switch kind {
        case .classification: Self.accuracy(part.rights)
        case .probability: Self.accuracy(part.probabilities.rights)
        case .regression: Self.error("mae", part.errors)
        }
    }

    private static func accuracy(_ rights: PairedRights) -> Metric? {
        guard let ours = rights.candidate, let theirs = rights.logged, let gain = rights.gain else { return nil }
        return Metric(name: "accuracy", rows: rights.total, candidate: ours, logged: theirs, loss: .difference(gain))
    }

    private static func error(_ name: String, _ errors: PairedErrors) -> Metric? {
        guard let ours = errors.candidate.interval, let theirs = errors.logged.interval else { return nil }
        return Metric(name: name, rows: errors.count, candidate: ours, logged: theirs, loss: .errors(errors))
    }

    /// Times below which two latencies are not compared.
    static let fewestTimes = 50

    /// The candidate's 95 % latency beside that of the serving version under the same conditions, else that of the log.
    var latencyComparison: (candidate: Interval, other: Interval, with: String)? {
        guard tally.candidateTimes.count >= Self.fewestTimes, let ours = tally.candidateTimes.quantile(0.95) else {
            return nil
        }
        if tally.servingTimes.count >= Self.fewestTimes, let theirs = tally.servingTimes.quantile(0.95) {
            return (ours, theirs, "serving version on the same rows")
        }
        guard tally.loggedTimes.count >= Self.fewestTimes, let theirs = tally.loggedTimes.quantile(0.95) else {
            return nil
        }
        return (ours, theirs, "answers as they were logged")
    }
}
