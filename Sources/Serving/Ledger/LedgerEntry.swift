import Core
import Ledger
import Rollouts

/// One answered request on its way to the ledger: one or more rows.
struct LedgerEntry: Sendable {
    /// The request's id.
    let id: String
    /// The version that answered.
    let served: ServedModel
    /// Its model, which stays in memory until the entry is written.
    let loaded: LoadedModel
    /// The version that shall score the same rows; nil outside a rollout.
    let shadow: ServedModel?
    /// How the version was chosen.
    let arm: LedgerArm
    /// The rollout in progress, if the request belongs to it.
    let evidence: RolloutEvidence?
    /// The rollout's step.
    let step: Int
    /// The protocol of the request.
    let via: InferenceProtocol
    /// What was asked and answered.
    let values: LedgerValues
    /// Number of rows.
    let count: Int
    /// The model's time for the whole request.
    let nanoseconds: UInt64
    /// The drift verdict returned with the answer.
    let drift: Bool
    /// When it was answered.
    let milliseconds: Int64
    /// The key of what it is about, from a header; nil when the deployment names none, or an input.
    var entity: String? = nil
    /// What the ledger keeps of the deployment's predictions.
    var spec: LedgerSpec = .standard
    /// Versions that score the same rows for the ledger only, each in a row of its own.
    var mirrors: [ServedModel] = []

    /// The ledger id of one row: the request's id, with the row's number when there are several.
    func id(ofRow row: Int) -> String { count == 1 ? id : "\(id):\(row)" }
}
