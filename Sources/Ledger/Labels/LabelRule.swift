import Core

/// Which of several labels of one prediction holds: the one observed last, whatever came first.
enum LabelRule {
    /// A label that is known.
    struct Known: Equatable {
        let label: String
        let observedAt: Timestamp
    }

    /// What becomes of a label.
    struct Verdict: Equatable {
        let outcome: FeedbackOutcome
        /// When it was observed, as it is kept.
        let observedAt: Timestamp
    }

    /// Judges a label.
    ///
    /// A label without a time of its own is observed when it comes, and never before the one that holds: whoever sends it
    /// means that it is so now. Of two labels observed in the same moment the later one to come holds.
    ///
    /// - Parameters:
    ///   - label: The label.
    ///   - observedAt: When it was observed; nil for when it came.
    ///   - now: When it came.
    ///   - current: The label that holds.
    ///   - isInHistory: Tells whether this label, observed in this moment, is known and was replaced.
    /// - Returns: what becomes of it.
    static func judge(
        _ label: String,
        observedAt: Timestamp?,
        now: Timestamp,
        current: Known?,
        isInHistory: (Known) throws -> Bool
    ) rethrows -> Verdict {
        guard let current else { return Verdict(outcome: .stored, observedAt: observedAt ?? now) }
        guard let observedAt else {
            if label == current.label { return Verdict(outcome: .duplicate, observedAt: current.observedAt) }
            return Verdict(outcome: .corrected, observedAt: max(now, current.observedAt))
        }
        let known = Known(label: label, observedAt: observedAt)
        if known == current { return Verdict(outcome: .duplicate, observedAt: observedAt) }
        if try isInHistory(known) { return Verdict(outcome: .duplicate, observedAt: observedAt) }
        if observedAt < current.observedAt { return Verdict(outcome: .superseded, observedAt: observedAt) }
        return Verdict(outcome: label == current.label ? .confirmed : .corrected, observedAt: observedAt)
    }
}
