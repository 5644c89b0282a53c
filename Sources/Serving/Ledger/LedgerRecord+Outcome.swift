import Ledger
import Rollouts

extension LedgerRecord {
    /// Whether stable version and candidate were right; nil without a label, or outside a rollout.
    ///
    /// Classes are compared by name. For numbers the nearer one counts as right, both when they are equally near.
    var outcome: LabelOutcome? {
        guard let label, let rollout, arm == .stable || arm == .candidate else { return nil }
        let own: Bool?
        let other: Bool?
        if let truth = Double(label), let shadowScore, Double(prediction) != nil {
            let (ownDistance, otherDistance) = (abs(score - truth), abs(shadowScore - truth))
            (own, other) = (ownDistance <= otherDistance, otherDistance <= ownDistance)
        } else if Double(label) != nil, Double(prediction) != nil {
            (own, other) = (nil, nil)
        } else {
            (own, other) = (prediction == label, shadowPrediction.map { $0 == label })
        }
        let armIsStable = arm == .stable
        return LabelOutcome(
            rollout: rollout,
            step: step,
            arm: armIsStable ? .stable : .candidate,
            stableIsRight: armIsStable ? own : other,
            candidateIsRight: armIsStable ? other : own
        )
    }
}
