package import Core
package import Ledger
import Rollouts

extension PredictionLedger {
    /// The newest predicted rows of a deployment, newest first, with what still waits written first; mirrored ones are left
    /// out.
    package func recentRows(_ deployment: String, limit: Int) async throws -> [LedgerRecord] {
        try await flush()
        return try await store.recent(deployment, limit: min(limit, LedgerLimits.exportRows)).map(\.record).filter {
            $0.arm != .shadow
        }
    }

    /// A page of a deployment's predictions, newest first.
    package func page(
        _ deployment: String,
        limit: Int,
        before position: LedgerPosition?
    ) async throws -> [LedgerRow] {
        try await flush()
        return try await store.scan(
            deployment,
            before: position,
            limit: min(limit, ServingLimits.predictionsPerPage)
        )
    }

    /// Accuracy per version and window since `earliest`.
    package func quality(_ deployment: String, since earliest: Timestamp, window: Duration) async throws
        -> [QualityWindow]
    {
        try await flush()
        return try await store.quality(deployment, since: earliest, window: window)
    }

    /// Labelled rows since `earliest`, oldest first, at most `LedgerLimits.exportRows`.
    package func labelledRows(_ deployment: String, since earliest: Timestamp, onlyDrifted: Bool) async throws
        -> [LedgerRecord]
    {
        try await flush()
        return try await store.labelled(
            deployment,
            since: earliest,
            onlyDrifted: onlyDrifted,
            limit: LedgerLimits.exportRows
        )
    }

    /// What labels say about a rollout, read from the table: the truth after a restart.
    func labelOutcomes(rollout: String, of deployment: String, since earliest: Timestamp) async throws -> [LabelOutcome]
    {
        try await flush()
        return try await store.labelled(rollout: rollout, of: deployment, since: earliest).compactMap(\.outcome)
    }
}
