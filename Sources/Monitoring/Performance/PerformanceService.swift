package import Core
import Logging
package import Metrics
import Performance
package import Storage

/// Judges what deployments predicted: with labels as they come, and before them by estimates.
///
/// Nothing of it lies on the request path: predictions and labels are read from the ledger, the newest
/// `MonitoredPerformanceLimits.rows` of them, and only when there are new ones.
package actor PerformanceService {
    private struct State {
        var watched: WatchedPerformance
        var lastAttempt: Timestamp
        var fingerprint: String?
        var verdict: PerformanceVerdict?
        var metrics: PerformanceMetrics
        var prepared: [Int: PreparedPerformance] = [:]
    }

    private let store: PerformanceStore
    private let clock: Clock
    private let source: PerformanceSource
    private let factory: any MetricsFactory
    private let logger = Logger(label: "martlet.monitoring.performance")
    private var states: [String: State] = [:]
    private var isEvaluating = false

    /// A service over a migrated database.
    ///
    /// - Parameters:
    ///   - database: where buckets, references and summaries are kept.
    ///   - clock: the time.
    ///   - metrics: where gauges are made.
    ///   - source: where predictions, labels, models and monitors come from.
    package init(
        database: Database,
        clock: Clock = .system,
        metrics: any MetricsFactory = MetricsSystem.factory,
        source: PerformanceSource
    ) {
        store = PerformanceStore(database: database)
        self.clock = clock
        factory = metrics
        self.source = source
    }

    /// Evaluates until the task is cancelled.
    package func run() async throws {
        do {
            while !Task.isCancelled {
                await evaluateDue()
                try await clock.sleep(for: .seconds(1))
            }
        } catch is CancellationError {
            return
        }
    }

    /// Judges every monitor whose interval has passed and that has new predictions or labels.
    ///
    /// One monitor's failure is logged and does not stop the others; a call during another one returns at once.
    package func evaluateDue() async {
        guard !isEvaluating else { return }
        isEvaluating = true
        defer { isEvaluating = false }
        let watched = await source.watched()
        for name in states.keys where !watched.contains(where: { $0.monitor == name }) { await forget(name) }
        for item in watched {
            do {
                try await evaluateIfDue(item)
            } catch {
                logger.error("The performance of monitor '\(item.monitor)' could not be judged: \(error)")
            }
        }
    }

    private func forget(_ name: String) async {
        states[name]?.metrics.destroy()
        states[name] = nil
        do {
            try await store.remove(name)
        } catch {
            logger.error("What was known of the performance of monitor '\(name)' could not be removed: \(error)")
        }
    }

    private func evaluateIfDue(_ item: WatchedPerformance) async throws {
        let now = clock.now
        if let state = states[item.monitor] {
            if state.watched == item {
                guard now - state.lastAttempt >= item.spec.interval else { return }
            } else {
                try await redeclare(state, as: item, now: now)
            }
        } else {
            let metrics = PerformanceMetrics(deployment: item.deployment, factory: factory)
            states[item.monitor] = State(watched: item, lastAttempt: now, metrics: metrics)
        }
        states[item.monitor]?.lastAttempt = now
        let since = now - item.spec.late - item.spec.bucket
        let fingerprint = try await source.fingerprint(item.deployment, since)
        guard states[item.monitor]?.fingerprint != fingerprint else { return }
        let limit = MonitoredPerformanceLimits.rows
        let rows = try await source.rows(item.deployment, limit, since)
        var buckets: [PerformanceBucket] = []
        // What lies before the oldest row that was read is judged by more than these rows.
        let oldest = rows.count >= limit ? rows.first?.at : nil
        for (version, part) in Dictionary(grouping: rows, by: \.version).sorted(by: { $0.key < $1.key }) {
            buckets += try await judge(item, version, part, notBefore: max(oldest ?? since, since), now)
        }
        conclude(item, buckets, now)
        states[item.monitor]?.fingerprint = fingerprint
    }

    /// A monitor that was declared anew: another deployment starts over, other buckets replace the old ones.
    private func redeclare(_ state: State, as item: WatchedPerformance, now: Timestamp) async throws {
        let isOther = state.watched.deployment != item.deployment
        if isOther || state.watched.spec.bucket != item.spec.bucket {
            try await store.remove(item.monitor, onlyBuckets: !isOther)
        }
        state.metrics.destroy()
        let metrics = PerformanceMetrics(deployment: item.deployment, factory: factory)
        states[item.monitor] = State(watched: item, lastAttempt: now, metrics: metrics)
    }

    private func judge(
        _ item: WatchedPerformance,
        _ version: Int,
        _ rows: [PerformanceRow],
        notBefore: Timestamp,
        _ now: Timestamp
    ) async throws -> [PerformanceBucket] {
        var prepared = states[item.monitor]?.prepared[version]
        var found: PerformanceReference?
        if prepared == nil {
            let model = try await source.model(item.deployment, version)
            found = try await reference(item, version, model, VersionRows(rows, model: model))
            if let reference = found {
                prepared = try await BlockingWork.run {
                    PreparedPerformance(reference, estimates: item.spec.estimates)
                }
            }
        }
        let model = prepared == nil ? try await source.model(item.deployment, version) : nil
        let reading = prepared?.reference.with(rows) ?? VersionRows(rows, model: model)
        let (judge, ready) = (PerformanceJudge(spec: item.spec), prepared)
        let width = max(1, item.spec.bucket.wholeMilliseconds)
        let first = notBefore.milliseconds / width * width + (notBefore.milliseconds % width == 0 ? 0 : width)
        let (buckets, summary) = try await BlockingWork.run {
            // A bucket of which only the end was read stays as it was judged before.
            let all = try judge.buckets(reading, ready)
            let whole = all.filter { $0.start.milliseconds >= first }
            return (whole.isEmpty ? all.suffix(1) : whole[...], try judge.summary(reading, ready))
        }
        try await store.save(
            item.monitor,
            version: version,
            buckets: Array(buckets),
            reference: found,
            summary: summary,
            now: now
        )
        if let prepared { keep(prepared, version, of: item.monitor) }
        return Array(buckets)
    }

    private func keep(_ prepared: PreparedPerformance, _ version: Int, of monitor: String) {
        states[monitor]?.prepared[version] = prepared
        guard let known = states[monitor]?.prepared.keys.sorted(), known.count > MonitoredPerformanceLimits.versions
        else { return }
        states[monitor]?.prepared[known[0] == version ? known[1] : known[0]] = nil
    }

    /// The stored reference, the one that came with the version, or the first labelled predictions once there are enough.
    private func reference(
        _ item: WatchedPerformance,
        _ version: Int,
        _ model: PerformanceModel?,
        _ rows: VersionRows
    ) async throws -> PerformanceReference? {
        if let stored = try await store.reference(item.monitor, version: version) { return stored }
        let limit = MonitoredPerformanceLimits.referenceRows
        if let model, let shipped = PerformanceReference.shipped(with: model, version: version, limit: limit) {
            return shipped
        }
        let labelled = rows.labelled.rows
        guard labelled.count >= item.spec.referenceRows else { return nil }
        return PerformanceReference(
            origin: .predictions,
            rows: Array(labelled.prefix(item.spec.referenceRows)),
            model: rows.model
        )
    }

    private func conclude(_ item: WatchedPerformance, _ buckets: [PerformanceBucket], _ now: Timestamp) {
        var newest: [PerformanceBucket] = []
        for (_, part) in Dictionary(grouping: buckets, by: \.version).sorted(by: { $0.key > $1.key }) {
            // The newest bucket with enough rows speaks: first of labels, else of estimates.
            if let bucket = part.last(where: { $0.isJudged.realised || $0.isJudged.estimated }) {
                newest.append(bucket)
            }
        }
        let alerts = newest.flatMap(\.alerts)
        let message: String
        if newest.isEmpty {
            message = "insufficient data: no bucket has \(item.spec.minimum) predictions"
        } else if let first = alerts.first {
            message =
                "\(first.kind.rawValue) \(first.metric) of version \(first.version) is \(first.value), past \(first.bound)"
                + (alerts.count > 1 ? ", and \(alerts.count - 1) more" : "")
        } else {
            message = "every metric is within its bounds"
        }
        states[item.monitor]?.verdict = PerformanceVerdict(
            isAlerting: newest.isEmpty ? nil : !alerts.isEmpty,
            alerts: alerts,
            message: message,
            at: now
        )
        states[item.monitor]?.metrics.record(newest)
    }

    /// What was last found of a monitor's performance; nil before the first evaluation.
    package func verdict(monitor: String) -> PerformanceVerdict? { states[monitor]?.verdict }

    /// Everything that is stored of a monitor's performance.
    ///
    /// - Parameters:
    ///   - monitor: the monitor's name.
    ///   - version: only this version's buckets.
    ///   - before: only buckets that start before.
    ///   - limit: how many buckets, the newest first.
    /// - Returns: the declaration, the verdict, the versions with their summaries and the buckets.
    /// - Throws: `notFound` for a monitor that does not judge performance, and what the database throws.
    package func report(
        monitor: String,
        version: Int? = nil,
        before: Timestamp? = nil,
        limit: Int = MonitoredPerformanceLimits.buckets
    ) async throws -> JSONValue {
        guard let item = await source.watched().first(where: { $0.monitor == monitor }) else {
            throw MartletError(
                .notFound,
                "There is no monitor '\(monitor)' with a 'performance' section; GET /api/martlet/v1/monitors lists monitors."
            )
        }
        let bounded = min(max(limit, 1), MonitoredPerformanceLimits.buckets)
        let buckets = try await store.buckets(monitor, version: version, before: before, limit: bounded)
        let versions = try await store.versions(monitor).filter { version == nil || $0.version == version }
        return [
            "monitor": .string(monitor), "deployment": .string(item.deployment), "spec": item.spec.json,
            "verdict": states[monitor]?.verdict?.json ?? .null,
            "versions": .array(
                versions.map { stored in
                    [
                        "version": .int(stored.version), "updated_at": .integer(stored.updatedAt.milliseconds),
                        "summary": stored.summary ?? .null,
                    ]
                }
            ),
            "buckets": .array(buckets),
        ]
    }
}
