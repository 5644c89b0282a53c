package import Core
import Logging
package import Metrics
package import Storage
import Statistics
import Synchronization

/// Watches the inputs of deployments: takes rows on the request path, evaluates off it, remembers verdicts in the database.
///
/// `observe` and `signal` never wait for an evaluation. Everything else goes through the actor, one change after the other;
/// a change is stored before it is shown and before `onVerdictChange` hears of it. That hook is called at least once per
/// transition, again after a crash or when it throws; `VerdictChange.id` tells repetitions apart.
package actor MonitorService {
    /// Gives the newest served rows of a deployment, oldest first: at most `limit`, none served before `since`.
    package typealias RecentRows =
        @Sendable (_ deployment: String, _ limit: Int, _ since: Timestamp?) async throws
        -> [[Float]]

    struct Entry {
        var stored: StoredMonitor
        let cell: MonitorCell
        var prepared: PreparedMonitor?
        /// Rows that the window had ever taken at the last evaluation.
        var evaluatedTotal: UInt64 = 0
        var lastAttempt: Timestamp?
        var metrics: MonitorMetrics
    }

    let store: MonitorStore
    let clock: Clock
    let logger: Logger
    var entries: [String: Entry] = [:]
    var references: [String: MonitorReference] = [:]
    private let recentRows: RecentRows
    private let currentReference: CurrentReference?
    private let onVerdictChange: @Sendable (VerdictChange) async throws -> Void
    private let metricsFactory: any MetricsFactory
    private nonisolated let board = MonitorBoard()
    private var gate = SerialGate()
    /// Whether the database may hold events that the follower has not taken.
    private var hasUndelivered = true

    /// The reference rows of the version that a deployment serves, and that version; nil when it has none.
    package typealias CurrentReference =
        @Sendable (_ deployment: String) async throws -> (version: String, table: Table)?

    /// A service without monitors; `start` brings back those in the database, which must be migrated.
    ///
    /// With `currentReference`, references are kept only for deployments that a monitor watches, and asked for when one
    /// is declared; without it every reference that was set is kept.
    package init(
        database: Database,
        clock: Clock = .system,
        metrics: any MetricsFactory = MetricsSystem.factory,
        recentRows: @escaping RecentRows,
        currentReference: CurrentReference? = nil,
        onVerdictChange: @escaping @Sendable (VerdictChange) async throws -> Void = { _ in }
    ) {
        store = MonitorStore(database: database)
        self.clock = clock
        logger = Logger(label: "martlet.monitoring")
        metricsFactory = metrics
        self.recentRows = recentRows
        self.currentReference = currentReference
        self.onVerdictChange = onVerdictChange
    }

    // MARK: The request path

    /// Takes a served row into the windows of a deployment's monitors; under a microsecond for 30 features.
    package nonisolated func observe(deployment: String, features: [Float]) {
        board.observe(deployment: deployment, features: features)
    }

    /// What the deployment's monitors last found; nil when none watches it.
    ///
    /// The most severe of several speaks.
    package nonisolated func signal(deployment: String) -> DriftSignal? {
        board.signal(deployment: deployment)
    }

    // MARK: Declaration

    /// Brings back the stored monitors with their verdicts, their windows from the ledger and undelivered events.
    ///
    /// - Throws: what the database throws. A ledger that cannot be read leaves a window empty and is logged.
    package func start() async throws {
        try await exclusively {
            for stored in try await store.load() where entries[stored.spec.name] == nil {
                await install(stored, prepared: nil)
            }
            hasUndelivered = true
            publish()
        }
    }

    /// Declares a monitor, or changes it: its verdict stays as long as it watches the same deployment.
    ///
    /// - Throws: `resourceExhausted` past `MonitoringLimits.monitors`, and what the database throws.
    package func apply(_ spec: MonitorSpec) async throws {
        try await exclusively {
            let now = clock.now
            let old = entries[spec.name]
            guard old?.stored.spec != spec else { return }
            if references[spec.deployment] == nil, let current = try await currentReference?(spec.deployment) {
                references[spec.deployment] = try MonitorReference(version: current.version, table: current.table)
            }
            guard old != nil || entries.count < MonitoringLimits.monitors else {
                throw MartletError(
                    .resourceExhausted,
                    "There are \(entries.count) monitors, the most this server holds; remove one first."
                )
            }
            var stored = StoredMonitor(spec: spec, machine: MonitorStateMachine(hysteresis: spec.hysteresis, now: now))
            if let old, old.stored.spec.deployment == spec.deployment {
                stored.machine = old.stored.machine
                _ = stored.machine.handle(.hysteresisChanged(spec.hysteresis), now: now)
                stored.referenceVersion = old.stored.referenceVersion
                stored.referenceFingerprint = old.stored.referenceFingerprint
                stored.referenceAt = old.stored.referenceAt
                stored.evaluation = old.stored.evaluation
            } else if let reference = references[spec.deployment] {
                stored.referenceVersion = reference.version
                stored.referenceFingerprint = reference.fingerprint
                stored.referenceAt = now
            }
            var prepared: PreparedMonitor?
            if let reference = references[spec.deployment] {
                prepared = try await PreparedMonitor.prepare(spec, reference: reference)
            }
            _ = try await store.save(stored, now: now)
            old?.metrics.destroy()
            await install(stored, prepared: prepared)
            publish()
        }
    }

    /// Removes a monitor and its history.
    ///
    /// - Throws: `notFound`, and what the database throws.
    package func remove(_ name: String) async throws {
        try await exclusively {
            guard let entry = entries[name] else { throw Self.notFound(name) }
            try await store.remove(name)
            entry.metrics.destroy()
            entries[name] = nil
            publish()
        }
    }

    /// Compares a deployment from now on with the rows of a model version (its `reference.csv`).
    ///
    /// The same version with the same rows, as after a restart, changes nothing. Another one empties the windows and leads
    /// the monitors to `collecting`; drift that was announced is then cleared by clean evaluations.
    ///
    /// - Throws: `invalidArgument` for a column that is not numeric, `failedPrecondition` when no detector can work with
    ///   the rows, and what the database throws.
    package func setReference(deployment: String, version: String, table: Table) async throws {
        let reference = try MonitorReference(version: version, table: table)
        try await exclusively {
            // A thousand deployments that nobody watches must not keep a thousand samples.
            let isWatched = entries.values.contains { $0.stored.spec.deployment == deployment }
            references[deployment] = isWatched || currentReference == nil ? reference : nil
            var failure: (any Error)?
            for name in entries.keys.sorted() {
                guard let entry = entries[name], entry.stored.spec.deployment == deployment else { continue }
                do {
                    try await adopt(reference, by: entry)
                } catch {
                    failure = failure ?? error
                }
            }
            if let failure { throw failure }
        }
    }

    private func adopt(_ reference: MonitorReference, by entry: Entry) async throws {
        var entry = entry
        let now = clock.now
        entry.prepared = try await PreparedMonitor.prepare(entry.stored.spec, reference: reference)
        let isSame =
            entry.stored.referenceVersion == reference.version
            && entry.stored.referenceFingerprint == reference.fingerprint
        if !isSame {
            let isFirst = entry.stored.referenceVersion == nil
            var stored = entry.stored
            stored.referenceVersion = reference.version
            stored.referenceFingerprint = reference.fingerprint
            stored.referenceAt = now
            let action = isFirst ? nil : stored.machine.handle(.referenceChanged, now: now).first
            let change = try await store.save(stored, transition: action, now: now)
            entry.stored = stored
            if change != nil { hasUndelivered = true }
            // Rows served before the first reference were served under it all the same; those before another were not.
            if !isFirst { entry.cell.window.withLock { $0.removeAll() } }
        }
        entry.cell.window.withLock { $0.setWidth(reference.sample.columns) }
        entries[entry.stored.spec.name] = entry
        show(entry, transition: false)
    }

    private func install(_ stored: StoredMonitor, prepared: PreparedMonitor?) async {
        let name = stored.spec.name
        let cell = MonitorCell(spec: stored.spec)
        do {
            let rows = try await recentRows(stored.spec.deployment, stored.spec.window, stored.referenceAt)
            cell.window.withLock { window in
                for row in rows { window.append(row) }
            }
        } catch {
            logger.warning("The window of monitor '\(name)' starts empty: the ledger could not be read. \(error)")
        }
        let metrics = MonitorMetrics(spec: stored.spec, factory: metricsFactory)
        var entry = Entry(stored: stored, cell: cell, prepared: prepared, metrics: metrics)
        if let prepared { cell.window.withLock { $0.setWidth(prepared.reference.sample.columns) } }
        // Rows that came back from the ledger were evaluated before the restart: they are no new evidence.
        if stored.evaluation != nil { entry.evaluatedTotal = cell.window.withLock { $0.total } }
        entries[name] = entry
        show(entry, transition: false)
    }

    // MARK: Evaluation

    /// Evaluates until the task is cancelled; one monitor's failure is logged and does not stop the others.
    package func run() async throws {
        do {
            while !Task.isCancelled {
                await evaluateDue()
                try await clock.sleep(for: pauseUntilDue())
            }
        } catch is CancellationError {
            return
        }
    }

    /// Evaluates every monitor whose interval has passed and whose window has enough new rows; then delivers events.
    ///
    /// Delivery waits for `onVerdictChange`, which should start long work and not await it.
    package func evaluateDue() async {
        for name in entries.keys.sorted() {
            await exclusively {
                do {
                    try await evaluateIfDue(name)
                } catch {
                    logger.error("Monitor '\(name)' could not be evaluated; it is tried again. \(error)")
                }
            }
        }
        await deliver()
    }

    private func evaluateIfDue(_ name: String) async throws {
        guard var entry = entries[name], let prepared = entry.prepared else { return }
        let now = clock.now
        if let last = entry.lastAttempt, now - last < entry.stored.spec.interval { return }
        let spec = entry.stored.spec
        let (isFull, total) = entry.cell.window.withLock { ($0.count >= min(spec.minimum, $0.capacity), $0.total) }
        guard isFull, total - entry.evaluatedTotal >= UInt64(spec.stride) else { return }
        entries[name]?.lastAttempt = now
        let snapshot = entry.cell.window.withLock { $0.snapshot() }
        let evaluation = try await prepared.evaluate(snapshot.elements, now: now)

        var stored = entry.stored
        stored.evaluation = evaluation
        let action = stored.machine.handle(.evaluated(drift: evaluation.drift), now: now).first
        let summary = EvaluationSummary(evaluation, state: stored.machine.state)
        let change = try await store.save(stored, summary: summary, transition: action, now: now)
        entry.stored = stored
        entry.evaluatedTotal = snapshot.total
        entry.lastAttempt = now
        entry.metrics.record(evaluation)
        entries[name] = entry
        show(entry, transition: change != nil)
        if change != nil { hasUndelivered = true }
    }

    private func deliver() async {
        while hasUndelivered {
            // Lowered first: a transition that happens meanwhile raises it again.
            hasUndelivered = false
            do {
                for change in try await store.undelivered() {
                    try await onVerdictChange(change)
                    try await store.markDelivered(change.id)
                    hasUndelivered = true
                }
            } catch {
                hasUndelivered = true
                logger.warning("A monitor's event was not taken; it is offered again. \(error)")
                return
            }
        }
    }

    private func pauseUntilDue() -> Duration {
        let now = clock.now
        let due = entries.values.compactMap { entry in
            entry.lastAttempt.map { $0 + entry.stored.spec.interval - now }
        }
        let shortest = Duration.milliseconds(MonitoringLimits.shortestPauseMilliseconds)
        let longest = Duration.milliseconds(MonitoringLimits.longestPauseMilliseconds)
        return min(max(due.min() ?? longest, shortest), longest)
    }

    // MARK: Parts

    private func show(_ entry: Entry, transition: Bool) {
        entry.cell.signal.withLock { signal in
            signal.update(
                machine: entry.stored.machine,
                evaluation: entry.stored.evaluation,
                referenceVersion: entry.stored.referenceVersion
            )
        }
        entry.metrics.record(entry.stored.machine.state, transition: transition)
    }

    private func publish() {
        board.replace(entries.keys.sorted().compactMap { entries[$0]?.cell })
    }

    private func exclusively<Value>(_ body: () async throws -> Value) async rethrows -> Value {
        if !gate.tryEnter() {
            await withCheckedContinuation { gate.enqueue($0) }
        }
        defer { gate.leave() }
        return try await body()
    }

    static func notFound(_ name: String) -> MartletError {
        MartletError(.notFound, "There is no monitor '\(name)'; GET /api/martlet/v1/monitors lists them.")
    }
}
