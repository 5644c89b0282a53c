import Core
package import Sampling

/// How much each parameter matters.
package enum StudyImportance {
    /// The parameters with their shares, the most important first.
    @concurrent package static func of(
        _ history: TrialHistory,
        objective: Int
    ) async -> [(name: String, share: Double)] {
        let shares = FunctionalANOVA.importance(history, objective: objective)
        let named = zip(history.space.parameters.map(\.name), shares).map { (name: $0, share: $1) }
        return named.sorted { ($0.share, $1.name) > ($1.share, $0.name) }
    }
}
