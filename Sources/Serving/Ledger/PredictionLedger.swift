package import Core
package import Ledger
import Logging
import Metrics
import Synchronization

/// Every prediction, with the label that may come weeks later.
///
/// Requests append to a bounded queue and never wait for it; `run` writes batches. A label first looks in the table,
/// then has the queue written and looks again, so a label that overtakes its prediction is not lost.
package final class PredictionLedger: Sendable {
    /// What was written down of versions and deployments, so that it is written again only when it changes.
    private struct Noted {
        var schemas: [LedgerBatch.Version: LedgerSchema] = [:]
        var specs: [String: LedgerSpec] = [:]
    }

    let store: LedgerStore
    let deployments: DeploymentTable
    let clock: Clock
    private let queue: LedgerQueue
    private let gate = AsyncGate()
    let onLabel: @Sendable (LedgerRecord) -> Void
    let logger = Logger(label: "martlet.ledger")
    private let noted = Mutex(Noted())
    private let written = Counter(label: "martlet_ledger_rows_total")
    private let repeated = Counter(label: "martlet_ledger_duplicates_total")
    private let unkeptRows = Counter(label: "martlet_ledger_sampled_out_total")
    private let pruned = Counter(label: "martlet_ledger_pruned_total")

    /// Makes a ledger over `store`.
    ///
    /// - Parameters:
    ///   - store: Where rows are kept.
    ///   - deployments: What is deployed.
    ///   - clock: The time.
    ///   - capacity: The most rows that wait.
    ///   - onLabel: Told of each prediction whose first label came; must be quick.
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

    /// Takes note of an answered request.
    ///
    /// While a rollout weighs evidence all its rows are kept; otherwise the deployment's share of requests.
    func append(_ entry: LedgerEntry) {
        if entry.spec.sampling < 1, entry.evidence == nil, !entry.spec.keeps(entry.id) {
            queue.count(entry)
        } else {
            queue.append(entry)
        }
    }

    /// Brings over what an older server wrote, then writes batches until the task is cancelled, then writes what is left.
    package func run() async {
        await bringOver()
        var pruneAt = clock.now
        for await _ in queue.arrivals {
            // Gathering makes one transaction of many requests; cancellation only ends it early.
            try? await clock.sleep(for: ServingLimits.ledgerGather)
            await flushRetrying()
            let now = clock.now
            // A clock that was set back must not put the next look off.
            if now >= pruneAt || pruneAt > now + ServingLimits.ledgerPruneInterval {
                pruneAt = now + ServingLimits.ledgerPruneInterval
                await prune()
            }
            if Task.isCancelled { break }
        }
        await flushRetrying()
        let lost = queue.abandon()
        if lost > 0 { logger.error("\(lost) predictions could not be written before the server stopped.") }
    }

    /// Writes everything that was appended before the call.
    ///
    /// - Throws: what the database throws; the rows stay queued as far as they fit.
    package func flush() async throws {
        try await gate.pass {
            while !queue.isEmpty {
                let batch = queue.take(rows: ServingLimits.ledgerBatchRows)
                let unkept = queue.takeUnkept()
                do {
                    try await write(batch, unkept)
                } catch {
                    queue.putBack(batch, unkept: unkept)
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

    private func bringOver() async {
        var total = 0
        do {
            while !Task.isCancelled {
                let count = try await store.bringOver(classes: classes)
                if count == 0 { break }
                total += count
            }
        } catch {
            logger.error("Predictions of an older server could not be brought over yet: \(error)")
        }
        if total > 0 { logger.notice("Brought over \(total) predictions of an older server.") }
    }

    private func prune() async {
        do {
            for deployment in deployments.all {
                if let spec = deployment.routing?.ledger { try await note(spec, of: deployment.name) }
            }
            let result = try await store.prune(now: clock.now)
            pruned.increment(by: result.rows)
            LedgerMetrics.count(.expired, result.expiredLabels)
            LedgerMetrics.pending(try await store.pendingCount())
        } catch {
            logger.error("Old predictions cannot be removed: \(error)")
        }
    }

    /// Writes down what a deployment keeps, if that has changed.
    private func note(_ spec: LedgerSpec, of deployment: String) async throws {
        if noted.withLock({ $0.specs[deployment] }) == spec { return }
        try await store.note(spec, of: deployment)
        noted.withLock { $0.specs[deployment] = spec }
    }

    private func write(_ entries: [LedgerEntry], _ unkept: [LedgerHour]) async throws {
        let scored = await ShadowScoring.results(of: entries)
        var batch = LedgerBatch(unkept: unkept)
        for (entry, results) in zip(entries, scored) {
            batch.records.append(contentsOf: entry.records(results))
            describe(entry, &batch)
        }
        let result = try await store.insert(batch, classes: classes)
        noted.withLock { noted in
            noted.schemas.merge(batch.schemas) { _, new in new }
            noted.specs.merge(batch.specs) { _, new in new }
        }
        written.increment(by: result.inserted)
        if result.duplicates > 0 { repeated.increment(by: result.duplicates) }
        let uncounted = unkept.reduce(0) { $0 + $1.predictions }
        if uncounted > 0 { unkeptRows.increment(by: uncounted) }
        LedgerMetrics.count(.rejected, result.rejected)
        for (entry, results) in zip(entries, scored) { entry.recordEvidence(results) }
        if !result.changes.isEmpty { try await joined(result.changes) }
    }

    /// Adds what the rows of an entry mean, and what its deployment keeps, where that is not written down yet.
    private func describe(_ entry: LedgerEntry, _ batch: inout LedgerBatch) {
        noted.withLock { noted in
            for (served, loaded) in [(entry.served, entry.loaded as LoadedModel?)]
                + entry.mirrors.map({ ($0, $0.resident?.loaded) })
            {
                guard let loaded else { continue }
                let version = LedgerBatch.Version(served.deployment, served.version)
                guard noted.schemas[version] == nil, batch.schemas[version] == nil else { continue }
                batch.schemas[version] = LedgerSchema(loaded)
                warn(of: entry.spec, loaded)
            }
            let name = entry.served.deployment
            if noted.specs[name] != entry.spec, batch.specs[name] != entry.spec { batch.specs[name] = entry.spec }
        }
    }

    /// A redacted column that the model does not have is most likely one that was misspelt.
    private func warn(of spec: LedgerSpec, _ loaded: LoadedModel) {
        let unknown = spec.redact.filter { loaded.position[$0] == nil }
        guard !unknown.isEmpty, !loaded.inputs.isEmpty else { return }
        let names = unknown.joined(separator: ", ")
        logger.warning(
            "'ledger.redact' names columns that version \(loaded.version) of '\(loaded.model)' does not have: \(names)"
        )
    }
}

extension LedgerSchema {
    /// What the rows of a model mean.
    init(_ loaded: LoadedModel) {
        // Several outputs without names are classes by their index; a model of tensors without classes says nothing.
        let isNameless = loaded.classes.isEmpty && loaded.outputWidth > 1
        let classes = isNameless ? (0..<loaded.outputWidth).map(String.init) : loaded.classes
        self.init(columns: loaded.inputs, classes: loaded.rows == nil && classes.isEmpty ? nil : classes)
    }
}
