package import Core
package import Ledger
import Logging
import Metrics
import Rollouts

/// Every prediction, with the label that may come weeks later.
///
/// Requests append to a bounded queue and never wait for it; `run` writes batches. A label first looks in the table,
/// then has the queue written and looks again, so a label that overtakes its prediction is not lost.
package final class PredictionLedger: Sendable {
    private let store: LedgerStore
    private let deployments: DeploymentTable
    private let clock: Clock
    private let queue: LedgerQueue
    private let gate = AsyncGate()
    private let onLabel: @Sendable (LedgerRecord) -> Void
    private let logger = Logger(label: "martlet.ledger")
    private let written = Counter(label: "martlet_ledger_rows_total")
    private let repeated = Counter(label: "martlet_ledger_duplicates_total")

    /// Makes a ledger over `store`.
    ///
    /// - Parameters:
    ///   - store: Where rows are kept.
    ///   - deployments: What is deployed.
    ///   - clock: The time.
    ///   - capacity: The most rows that wait.
    ///   - onLabel: Told of each prediction whose label came; must be quick.
    package init(
        store: LedgerStore,
        deployments: DeploymentTable,
        clock: Clock,
        capacity: Int = ServingLimits.ledgerQueueRows,
        onLabel: @escaping @Sendable (LedgerRecord) -> Void = { _ in }
    ) {
        self.store = store
        self.deployments = deployments
        self.clock = clock
        queue = LedgerQueue(capacity: capacity)
        self.onLabel = onLabel
    }

    /// Rows that wait to be written, and rows dropped because too many waited.
    package var counts: (waiting: Int, dropped: Int) { queue.counts }

    func append(_ entry: LedgerEntry) {
        queue.append(entry)
    }

    /// Writes batches until the task is cancelled, then writes what is left.
    package func run() async {
        var pruneAt = clock.now
        for await _ in queue.arrivals {
            // Gathering makes one transaction of many requests; cancellation only ends it early.
            try? await clock.sleep(for: ServingLimits.ledgerGather)
            await flushRetrying()
            if clock.now >= pruneAt {
                pruneAt = clock.now + ServingLimits.ledgerPruneInterval
                await prune()
            }
            if Task.isCancelled { break }
        }
        await flushRetrying()
    }

    /// Writes everything that was appended before the call.
    ///
    /// - Throws: what the database throws; the rows stay queued as far as they fit.
    package func flush() async throws {
        try await gate.pass {
            while true {
                let batch = queue.take(rows: ServingLimits.ledgerBatchRows)
                guard !batch.isEmpty else { return }
                do {
                    try await write(batch)
                } catch {
                    for entry in batch { queue.append(entry) }
                    throw error
                }
            }
        }
    }

    private func flushRetrying() async {
        while true {
            do {
                try await flush()
                return
            } catch {
                let waiting = queue.counts.waiting
                logger.error("The prediction ledger cannot be written: \(error)", metadata: ["rows": "\(waiting)"])
                if Task.isCancelled { return }
                try? await clock.sleep(for: ServingLimits.ledgerRetryPause)
            }
        }
    }

    private func prune() async {
        do {
            try await store.prune(
                before: clock.now - ServingLimits.ledgerRetention,
                keeping: ServingLimits.ledgerRowsPerDeployment
            )
        } catch {
            logger.error("Old predictions cannot be removed: \(error)")
        }
    }

    private func write(_ batch: [LedgerEntry]) async throws {
        let shadows = await ShadowScoring.results(of: batch)
        var records: [LedgerRecord] = []
        for (entry, shadow) in zip(batch, shadows) { records.append(contentsOf: entry.records(shadow: shadow)) }
        let inserted = try await store.insert(records)
        written.increment(by: inserted)
        if inserted < records.count { repeated.increment(by: records.count - inserted) }
        for (entry, shadow) in zip(batch, shadows) { entry.recordDisagreement(shadow: shadow) }
    }
}

// MARK: - Labels and reading

extension PredictionLedger {
    /// Joins a label to a prediction.
    ///
    /// - Returns: whether it is new; false when the same label was there.
    /// - Throws: `notFound` for an unknown id, `alreadyExists` when another label was there, `invalidArgument` for what
    ///   is no label of the model.
    package func feedback(_ id: String, label: JSONValue) async throws -> Bool {
        var result = try await join(id, label)
        if result == .unknown {
            try await flush()
            result = try await join(id, label)
        }
        switch result {
        case .stored(let record):
            if let outcome = record.outcome { deliver(outcome, to: record.deployment) }
            onLabel(record)
            return true
        case .repeated: return false
        case .conflicting(let known):
            throw MartletError(.failedPrecondition, "The prediction has the label '\(known)' already; it is kept.")
        case .unknown:
            throw MartletError(.notFound, "There is no prediction with this 'request_id'.")
        }
    }

    private func join(_ id: String, _ label: JSONValue) async throws -> LedgerStore.LabelResult {
        let deployments = deployments
        return try await store.label(id, at: clock.now) { deployment, version in
            let routing = try? deployments.find(deployment).routing
            let model = routing?.model(version: version) ?? routing?.stable
            return try CanonicalLabel.text(label, classes: model?.resident?.loaded.classes)
        }
    }

    private func deliver(_ outcome: LabelOutcome, to deployment: String) {
        guard let evidence = try? deployments.find(deployment).routing?.evidence, evidence.rollout == outcome.rollout
        else { return }
        evidence.record(outcome)
    }

    /// The newest predicted rows of a deployment, newest first, with what still waits written first.
    package func recentRows(_ deployment: String, limit: Int) async throws -> [LedgerRecord] {
        try await flush()
        return try await store.recent(deployment, limit: min(limit, LedgerLimits.exportRows)).map(\.record)
    }

    /// A page of a deployment's predictions, newest first.
    package func page(
        _ deployment: String,
        limit: Int,
        before: Int64?
    ) async throws -> [(seq: Int64, record: LedgerRecord)] {
        try await flush()
        return try await store.recent(deployment, limit: min(limit, ServingLimits.predictionsPerPage), before: before)
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
