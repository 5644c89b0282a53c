import Core
import Drift
import Logging
import Synchronization

extension MonitorService {
    /// Evaluates until the task is cancelled, then saves; one monitor's failure is logged and does not stop the others.
    package func run() async throws {
        do {
            while !Task.isCancelled {
                await evaluateDue()
                await saveIfDue()
                try await clock.sleep(for: pauseUntilDue())
            }
        } catch is CancellationError {
            await save()
            return
        }
        await save()
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

    /// Evaluates a monitor now, whatever its schedule and however few rows there are.
    ///
    /// Without as many new rows as its `stride` asks for the evaluation is no new evidence: it is shown and not stored.
    ///
    /// - Returns: The evaluation; without a verdict it says why.
    /// - Throws: `notFound`, `failedPrecondition` without a reference, and what the database throws.
    package func evaluate(_ name: String) async throws -> MonitorEvaluation {
        let evaluation = try await exclusively { () async throws -> MonitorEvaluation in
            guard entries[name] != nil else { throw Self.notFound(name) }
            await findReference(of: name)
            guard let entry = entries[name] else { throw Self.notFound(name) }
            guard entry.prepared != nil || !entry.runs.isEmpty else {
                throw MartletError(
                    .failedPrecondition,
                    "The monitor '\(name)' has no reference yet: it comes with the first version that "
                        + "'\(entry.stored.spec.deployment)' serves."
                )
            }
            return try await evaluate(entry, isEvidence: isEnough(entry))
        }
        await deliver()
        return evaluation
    }

    private func evaluateIfDue(_ name: String) async throws {
        guard let entry = entries[name], isDue(entry) else { return }
        if entry.prepared == nil, entry.stored.spec.reference != .version {
            entries[name]?.lastAttempt = clock.now
            await findReference(of: name)
        }
        guard let entry = entries[name], entry.prepared != nil || !entry.runs.isEmpty, isEnough(entry) else { return }
        entries[name]?.lastAttempt = clock.now
        _ = try await evaluate(entry, isEvidence: true)
    }

    private func isDue(_ entry: Entry) -> Bool {
        switch entry.stored.spec.schedule {
        case .every: return entry.lastAttempt.map { entry.stored.spec.schedule.due(after: $0) <= clock.now } ?? true
        case .cron:
            let last = entry.lastAttempt ?? entry.stored.evaluation?.at ?? entry.installedAt
            return entry.stored.spec.schedule.due(after: last) <= clock.now
        }
    }

    private func isEnough(_ entry: Entry) -> Bool {
        let now = clock.now
        let spec = entry.stored.spec
        return entry.cell.window.withLock { window in
            window.expire(now)
            if window.labels > entry.evaluatedLabels { return true }
            return window.count >= min(spec.minimum, window.capacity)
                && window.total >= entry.evaluatedTotal &+ UInt64(spec.stride)
        }
    }

    private func evaluate(_ old: Entry, isEvidence: Bool) async throws -> MonitorEvaluation {
        var entry = old
        let now = clock.now
        let (snapshot, streams, labels) = entry.cell.window.withLock { window in
            window.expire(now)
            return (window.snapshot(), window.takeStreams(), window.labels)
        }
        var sequential: [MonitorEvaluation.Detector] = []
        for index in entry.runs.indices {
            let values = streams[entry.runs[index].spec.source] ?? []
            sequential.append(entry.runs[index].read(values, window: entry.stored.spec.window, now: now))
        }
        if entry.stored.spec.performance != nil, let verdict = await performance(entry.stored.spec.name) {
            sequential.append(MonitorEvaluation.Detector(verdict))
        }
        // What the detectors read is read, whatever becomes of this evaluation.
        entries[entry.stored.spec.name]?.runs = entry.runs
        let evaluation: MonitorEvaluation
        if let prepared = entry.prepared {
            evaluation = try await prepared.evaluate(snapshot, sequential: sequential, now: now)
        } else {
            evaluation = MonitorEvaluation(withoutReference: entry.stored.spec, sequential, snapshot.rows, at: now)
        }
        guard isEvidence else { return evaluation }
        var stored = entry.stored
        stored.evaluation = evaluation
        stored.sequential = entry.runs.map(\.json)
        let action = stored.machine.handle(.evaluated(drift: evaluation.drift), now: now).first
        let summary = EvaluationSummary(evaluation, state: stored.machine.state)
        let change = try await store.save(stored, summary: summary, transition: action, now: now)
        entry.stored = stored
        entry.evaluatedTotal = snapshot.total
        entry.evaluatedLabels = labels
        entry.lastAttempt = now
        entry.metrics.record(evaluation)
        let isOld = entry.lastSnapshot.map { now - $0 >= .seconds(MonitoringLimits.snapshotSeconds) } ?? true
        let cause = change != nil ? "transition" : isOld ? "period" : nil
        if cause != nil { entry.lastSnapshot = now }
        entries[entry.stored.spec.name] = entry
        show(entry, transition: change != nil)
        if change != nil { announced() }
        if let cause { await keepSnapshot(of: entry, cause: cause, now: now) }
        return evaluation
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
            entry.lastAttempt.map { entry.stored.spec.schedule.due(after: $0) - now }
        }
        let shortest = Duration.milliseconds(MonitoringLimits.shortestPauseMilliseconds)
        let longest = Duration.milliseconds(MonitoringLimits.longestPauseMilliseconds)
        return min(max(due.min() ?? longest, shortest), longest)
    }
}

extension MonitorEvaluation {
    /// What sequential detectors found where there is nothing to compare with.
    fileprivate init(withoutReference spec: MonitorSpec, _ sequential: [Detector], _ rows: Int, at now: Timestamp) {
        let missing = "insufficient data: there is no reference yet."
        var detectors = sequential
        for case .windowed(let detector) in spec.detectors {
            detectors.append(Detector(name: detector.kind.rawValue, reason: missing, threshold: detector.threshold))
        }
        let decided = sequential.filter(\.isDecided)
        self.init(
            at: now,
            referenceVersion: "",
            referenceRows: 0,
            windowRows: rows,
            drift: decided.isEmpty ? nil : decided.contains(where: \.drifted),
            severity: spec.severity,
            reason: decided.isEmpty ? detectors.compactMap(\.reason).first ?? missing : nil,
            detectors: detectors,
            features: [],
            events: []
        )
    }
}
