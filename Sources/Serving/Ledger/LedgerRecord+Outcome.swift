import Ledger
import Rollouts

extension LedgerRecord {
    /// Whether stable version and candidate were right, or how far off; nil without a label, or outside a rollout.
    ///
    /// Classes are compared by name. For numbers the nearer one counts as right, both when they are equally near.
    var outcome: LabelOutcome? {
        guard let label, let rollout, arm == .stable || arm == .candidate else { return nil }
        let armIsStable = arm == .stable
        let truth = Double(label)
        var right: (own: Bool?, other: Bool?)
        var errors: (own: Double?, other: Double?) = (nil, nil)
        if let truth, Double(prediction) != nil, isNumber {
            errors = (score - truth, shadowScore.map { $0 - truth })
            if let other = errors.other, let own = errors.own {
                right = (abs(own) <= abs(other), abs(other) <= abs(own))
            } else {
                right = (nil, nil)
            }
        } else {
            right = (prediction == label, shadowPrediction.map { $0 == label })
        }
        return LabelOutcome(
            rollout: rollout,
            step: step,
            arm: armIsStable ? .stable : .candidate,
            stableIsRight: armIsStable ? right.own : right.other,
            candidateIsRight: armIsStable ? right.other : right.own,
            label: errors.own == nil ? nil : truth,
            stableError: armIsStable ? errors.own : errors.other,
            candidateError: armIsStable ? errors.other : errors.own
        )
    }

    /// Whether the prediction is the score in digits, and no class that is called by a number.
    private var isNumber: Bool {
        guard let said = Double(prediction) else { return false }
        return said == score || abs(said - score) <= abs(score) * 1e-5
    }
}
