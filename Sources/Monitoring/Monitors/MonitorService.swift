package import Core
import Logging
package import Metrics
package import Storage
import Synchronization

/// Watches what deployments are asked and answer: takes rows on the request path, evaluates off it, remembers verdicts in the
/// database.
///
/// `observe` and `signal` never wait for an evaluation. Everything else goes through the actor, one change after the other;
/// a change is stored before it is shown and before `onVerdictChange` hears of it. That hook is called at least once per
/// transition, again after a crash or when it throws; `VerdictChange.id` tells repetitions apart.
package actor MonitorService {
    /// Gives the newest served rows of a deployment, oldest first: at most `limit`, none served before `since`.
    package typealias RecentRows =
        @Sendable (_ deployment: String, _ limit: Int, _ since: Timestamp?) async throws
        -> [RecentRow]

    /// The reference rows of the version that a deployment trusts; nil when it has none.
    package typealias CurrentReference = @Sendable (_ deployment: String) async throws -> MonitorReference?

    /// The rows of a dataset, at a version of it if one is named.
    package typealias DatasetRows = @Sendable (_ name: String, _ version: String?) async throws -> Table

    /// What was last found of the predictions that a monitor judges; nil before, and for one that does not.
    package typealias PerformanceVerdicts = @Sendable (_ monitor: String) async -> PerformanceVerdict?

    struct Entry {
        var stored: StoredMonitor
        let cell: MonitorCell
        var prepared: PreparedMonitor?
        var runs: [SequentialRun]
        /// Rows and labels that the window had ever taken at the last evaluation.
        var evaluatedTotal: UInt64 = 0
        var evaluatedLabels: UInt64 = 0
        /// When it was last looked at, which a schedule counts from.
        var lastAttempt: Timestamp?
        let installedAt: Timestamp
        var lastSnapshot: Timestamp?
        var metrics: MonitorMetrics
    }

    let store: MonitorStore
    let clock: Clock
    let logger: Logger
    var entries: [String: Entry] = [:]
    var references: [String: MonitorReference] = [:]
    let recentRows: RecentRows
    let currentReference: CurrentReference?
    let datasetRows: DatasetRows?
    let committed: @Sendable () -> Void
    let performance: PerformanceVerdicts
    let onVerdictChange: @Sendable (VerdictChange) async throws -> Void
    private let metricsFactory: any MetricsFactory
    nonisolated let board = MonitorBoard()
    private var gate = SerialGate()
    /// Whether the database may hold events that the follower has not taken.
    var hasUndelivered = true
    /// When sketches and windows were last saved, and what the newest row was then.
    var lastSaved: Timestamp?
    var savedNewest: [String: Timestamp] = [:]

    /// A service without monitors; `start` brings back those in the database, which must be migrated.
    ///
    /// With `currentReference`, references are kept only for deployments that a monitor watches, and asked for when one
    /// is declared; without it every reference that was set is kept.
    ///
    /// - Parameters:
    ///   - database: Where monitors are kept.
    ///   - clock: The time.
    ///   - metrics: Where scores are reported.
    ///   - recentRows: What fills windows again after a restart.
    ///   - currentReference: What a deployment is compared with at present.
    ///   - datasetRows: The rows of datasets, for monitors that compare with one.
    ///   - outbox: Called for each event in the transaction that stores it.
    ///   - committed: Called after such a transaction.
    ///   - performance: What predictions are worth, for monitors that judge it: one more detector of theirs.
    ///   - onVerdictChange: The follower of events.
    package init(
        database: Database,
        clock: Clock = .system,
        metrics: any MetricsFactory = MetricsSystem.factory,
        recentRows: @escaping RecentRows,
        currentReference: CurrentReference? = nil,
        datasetRows: DatasetRows? = nil,
        outbox: @escaping MonitorStore.Outbox = { _, _ in },
        committed: @escaping @Sendable () -> Void = {},
        performance: @escaping PerformanceVerdicts = { _ in nil },
        onVerdictChange: @escaping @Sendable (VerdictChange) async throws -> Void = { _ in }
    ) {
        store = MonitorStore(database: database, outbox: outbox)
        self.clock = clock
        logger = Logger(label: "martlet.monitoring")
        metricsFactory = metrics
        self.recentRows = recentRows
        self.currentReference = currentReference
        self.datasetRows = datasetRows
        self.committed = committed
        self.performance = performance
        self.onVerdictChange = onVerdictChange
    }

    // MARK: The request path

    /// Takes served rows into the windows and sketches of their deployment; under 3 µs for a row of 30 features.
    package nonisolated func observe(_ rows: ServedRows) { board.observe(rows) }

    /// Takes a row of numbers without names, in the order of the reference's columns.
    package nonisolated func observe(deployment: String, features: [Float]) {
        board.observe(
            ServedRows(
                deployment: deployment,
                version: 0,
                names: [],
                inputs: .numbers(features),
                count: 1,
                at: clock.now
            )
        )
    }

    /// Takes how wrong a prediction was, when its label came: 0 or 1 for a class, the distance for a value.
    package nonisolated func observeError(deployment: String, _ value: Double) {
        board.observeError(deployment: deployment, Float(value))
    }

    /// What the deployment's monitors last found; nil when none watches it.
    ///
    /// The most urgent of several speaks.
    package nonisolated func signal(deployment: String) -> DriftSignal? {
        board.signal(deployment: deployment)
    }

    // MARK: Declaration

    /// Brings back the stored monitors with their verdicts, their windows, their sketches and undelivered events.
    ///
    /// - Throws: what the database throws. A ledger that cannot be read leaves a window empty and is logged.
    package func start() async throws {
        try await exclusively {
            for stored in try await store.load() where entries[stored.spec.name] == nil {
                try await install(stored, prepared: nil)
            }
            hasUndelivered = true
            publish()
            for deployment in board.deployments { try await restoreSketches(deployment) }
        }
    }

    /// Declares a monitor, or changes it: its verdict stays as long as it watches the same deployment.
    ///
    /// - Throws: `resourceExhausted` past `MonitoringLimits.monitors`, what a dataset that is the reference throws, and what
    ///   the database throws.
    package func apply(_ spec: MonitorSpec) async throws {
        try await exclusively {
            let now = clock.now
            let old = entries[spec.name]
            guard old?.stored.spec != spec else { return }
            guard old != nil || entries.count < MonitoringLimits.monitors else {
                throw MartletError(
                    .resourceExhausted,
                    "There are \(entries.count) monitors, the most this server holds; remove one first."
                )
            }
            let reference = try await reference(for: spec)
            var stored = StoredMonitor(spec: spec, machine: MonitorStateMachine(hysteresis: spec.hysteresis, now: now))
            if let old, old.stored.spec.deployment == spec.deployment, old.stored.spec.reference == spec.reference {
                stored.machine = old.stored.machine
                _ = stored.machine.handle(.hysteresisChanged(spec.hysteresis), now: now)
                stored.referenceVersion = old.stored.referenceVersion
                stored.referenceFingerprint = old.stored.referenceFingerprint
                stored.referenceAt = old.stored.referenceAt
                stored.evaluation = old.stored.evaluation
                stored.sequential = old.runs.map(\.json)
            } else if let reference {
                stored.referenceVersion = reference.version
                stored.referenceFingerprint = reference.fingerprint
                stored.referenceAt = now
            }
            var prepared: PreparedMonitor?
            if let reference { prepared = try await PreparedMonitor.prepare(spec, reference: reference) }
            _ = try await store.save(stored, now: now)
            old?.metrics.destroy()
            let rows = old.flatMap { old -> [UInt8]? in
                guard old.stored.spec.deployment == spec.deployment else { return nil }
                return old.cell.window.withLock { $0.needsSnapshot ? $0.encoded() : nil }
            }
            try await install(stored, prepared: prepared, rows: rows)
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

    // MARK: Parts

    func install(_ stored: StoredMonitor, prepared: PreparedMonitor?, rows: [UInt8]? = nil) async throws {
        let name = stored.spec.name
        let cell = MonitorCell(spec: stored.spec)
        var runs: [SequentialRun] = []
        for case .sequential(let spec) in stored.spec.detectors {
            let saved = stored.sequential.first { $0["spec"] == MonitorDetector.sequential(spec).json }
            do {
                runs.append(try SequentialRun(spec, state: saved))
            } catch {
                logger.warning("A detector of monitor '\(name)' begins anew: its state is damaged. \(error)")
                runs.append(try SequentialRun(spec))
            }
        }
        await fill(cell, stored, rows: rows)
        var entry = Entry(
            stored: stored,
            cell: cell,
            prepared: prepared,
            runs: runs,
            installedAt: clock.now,
            metrics: MonitorMetrics(spec: stored.spec, factory: metricsFactory)
        )
        entry.lastSnapshot = try await store.snapshots(of: name, before: nil, limit: 1).first?.at
        if let prepared { align(cell, with: prepared.reference) }
        cell.window.withLock { window in
            // What came back was read before the restart.
            _ = window.takeStreams()
            // Rows that came back were evaluated before the restart: they are no new evidence.
            if stored.evaluation != nil { entry.evaluatedTotal = window.total }
        }
        entries[name] = entry
        show(entry, transition: false)
    }

    func align(_ cell: MonitorCell, with reference: MonitorReference) {
        cell.window.withLock { $0.align(with: reference.inputs.columns.map(\.name)) }
        board.watch(cell.spec.deployment)?.sketches.setBins(of: reference.inputs)
    }

    func show(_ entry: Entry, transition: Bool) {
        entry.cell.signal.withLock { signal in
            signal.update(
                machine: entry.stored.machine,
                evaluation: entry.stored.evaluation,
                referenceVersion: entry.stored.referenceVersion
            )
        }
        entry.metrics.record(entry.stored.machine.state, transition: transition)
    }

    func publish() {
        board.replace(entries.keys.sorted().compactMap { entries[$0]?.cell })
        for entry in entries.values {
            guard let reference = entry.prepared?.reference else { continue }
            board.watch(entry.stored.spec.deployment)?.sketches.setBins(of: reference.inputs)
        }
    }

    func exclusively<Value>(_ body: () async throws -> Value) async rethrows -> Value {
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
