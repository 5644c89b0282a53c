import Core
import Drift

/// A monitor's windowed detectors, prepared for one reference.
struct PreparedMonitor: Sendable {
    /// A detector, or why it cannot work with this reference.
    struct Slot: Sendable {
        let spec: DetectorSpec
        let readsOutputs: Bool
        let detector: Result<any Detector, MartletError>
    }

    let spec: MonitorSpec
    let reference: MonitorReference
    let slots: [Slot]
    let events: DataEventOptions?

    /// Prepares the detectors that the specification names, off the caller's actor: a kernel may take a while.
    ///
    /// - Throws: `invalidArgument` when none of the detectors can work with these columns.
    @concurrent
    static func prepare(_ spec: MonitorSpec, reference: MonitorReference) async throws -> PreparedMonitor {
        let all = try reference.all()
        let inputs = Set(reference.inputs.columns.map(\.name))
        var slots: [Slot] = []
        for case .windowed(let detector) in spec.detectors {
            let outputs = detector.columns.filter { OutputColumn.inRows.contains($0) && !inputs.contains($0) }
            let readsOutputs = !outputs.isEmpty
            let prepared: Result<any Detector, MartletError>
            if let absent = outputs.first(where: { reference.outputs[$0] == nil }) {
                let reason = "insufficient data: there is no \(absent) for the rows of reference \(reference.version)."
                prepared = .failure(MartletError(.failedPrecondition, reason))
            } else {
                prepared = attempt { try detector.prepare(reference: readsOutputs ? all : reference.inputs) }
            }
            slots.append(Slot(spec: detector, readsOutputs: readsOutputs, detector: prepared))
        }
        let failures = slots.compactMap { slot in
            if case .failure(let error) = slot.detector { error } else { nil }
        }
        // Too little data is a verdict of its own; only what no data could mend is an error.
        if let failure = failures.last, failures.count == slots.count, failure.code == .invalidArgument {
            throw failure
        }
        return PreparedMonitor(spec: spec, reference: reference, slots: slots)
    }

    private init(spec: MonitorSpec, reference: MonitorReference, slots: [Slot]) {
        self.spec = spec
        self.reference = reference
        self.slots = slots
        events = spec.events.map { declared in
            var options = declared
            // A dataset has columns that no model takes.
            if reference.versionNumber == nil { options.ignored.insert(.missingColumn) }
            guard !spec.hasOwnSignificance else { return options }
            // A monitor looks at every column, again and again: their number must not raise the alarm.
            let columns = Double(max(1, reference.inputs.columns.count))
            options.significance /= columns
            options.rangeSignificance /= columns
            return options
        }
    }

    /// Compares a window with the reference, off the caller's actor.
    ///
    /// - Parameters:
    ///   - snapshot: The window.
    ///   - sequential: What the sequential detectors found.
    ///   - now: The time of the evaluation.
    /// - Returns: The evaluation; without a verdict it says why.
    /// - Throws: only what is no matter of the data, such as a limit of memory.
    @concurrent
    func evaluate(
        _ snapshot: WindowSnapshot,
        sequential: [MonitorEvaluation.Detector],
        now: Timestamp
    ) async throws -> MonitorEvaluation {
        let only = spec.versions == .reference
        let known = reference.inputs.columns.map(\.name)
        let current = try snapshot.inputs(like: reference.inputs, version: reference.versionNumber, only: only)
        let outputs = try snapshot.outputs(like: reference.outputs, version: reference.versionNumber, only: only)
        let shared = current.columns.filter { reference.inputs[$0.name] != nil }
        var detectors: [MonitorEvaluation.Detector] = []
        if let reason = insufficient(current, shared: shared.count) {
            detectors = slots.map { .init(name: $0.spec.kind.rawValue, reason: reason, threshold: $0.spec.threshold) }
        } else {
            let both = try Table(columns: shared + outputs.columns.filter { !known.contains($0.name) })
            let inputs = try Table(columns: shared)
            for slot in slots {
                let table = slot.readsOutputs ? both : inputs
                switch slot.detector.flatMap({ detector in Self.attempt { try detector.evaluate(table) } }) {
                case .success(let report): detectors.append(.init(report))
                case .failure(let error):
                    detectors.append(
                        .init(name: slot.spec.kind.rawValue, reason: error.message, threshold: slot.spec.threshold)
                    )
                }
            }
        }
        let found = current.rowCount == 0 || shared.isEmpty ? [] : dataEvents(current)
        return evaluation(now, current, detectors + sequential, found)
    }

    private func evaluation(
        _ now: Timestamp,
        _ current: Table,
        _ detectors: [MonitorEvaluation.Detector],
        _ found: [DataEvent]
    ) -> MonitorEvaluation {
        let decided = detectors.filter(\.isDecided)
        let counts = found.contains { $0.severity == .drift }
        let isShared = current.columns.contains { reference.inputs[$0.name] != nil }
        let looked = events != nil && isShared && current.rowCount >= spec.minimum
        let drift: Bool? = decided.isEmpty && !counts && !looked ? nil : counts || decided.contains(where: \.drifted)
        var reason: String?
        if drift == nil { reason = detectors.compactMap(\.reason).first ?? "insufficient data: the window is empty." }
        return MonitorEvaluation(
            at: now,
            referenceVersion: reference.version,
            referenceRows: reference.rows,
            windowRows: current.rowCount,
            drift: drift,
            severity: spec.severity,
            reason: reason,
            detectors: detectors,
            features: features(current, detectors: detectors),
            events: found
        )
    }

    private func insufficient(_ current: Table, shared: Int) -> String? {
        if current.columns.isEmpty || current.rowCount == 0 { return "insufficient data: the window is empty." }
        if shared == 0 {
            return "insufficient data: the reference and the served rows have no common columns."
        }
        if current.rowCount < spec.minimum {
            return "insufficient data: the window holds \(current.rowCount) of the \(spec.minimum) rows it needs."
        }
        return nil
    }

    private func dataEvents(_ current: Table) -> [DataEvent] {
        guard let events, current.rowCount >= min(spec.minimum, reference.rows) else { return [] }
        let found = DataEvent.find(reference: reference.inputs, current: current, options: events)
        return Array(found.prefix(MonitoringLimits.eventsPerEvaluation))
    }

    private func features(_ current: Table, detectors: [MonitorEvaluation.Detector]) -> [MonitorEvaluation.Feature] {
        var tests: [String: MonitorEvaluation.Test] = [:]
        for test in detectors.flatMap(\.tests) {
            // The first detector's test speaks for a feature, unless a later one rejects it.
            guard let present = tests[test.name] else {
                tests[test.name] = test
                continue
            }
            if test.drifted, !present.drifted { tests[test.name] = test }
        }
        let outputs = reference.outputs.columns.filter { tests[$0.name] != nil }
        let inputs = reference.inputs.columns.filter { reference.versionNumber != nil || current[$0.name] != nil }
        return (inputs + outputs).map { column in
            let now = current[column.name]
            let test = tests[column.name]
            return MonitorEvaluation.Feature(
                name: column.name,
                detector: test?.detector,
                statistic: test?.statistic ?? test?.score,
                pValue: test?.pValue,
                drifted: test?.drifted ?? false,
                referenceMean: column.finiteMean,
                currentMean: now?.finiteMean,
                referenceMissing: column.unusableShare,
                currentMissing: now?.unusableShare ?? (current.rowCount > 0 && outputs.isEmpty ? 1 : 0)
            )
        }
    }

    private static func attempt<Value>(_ body: () throws -> Value) -> Result<Value, MartletError> {
        do {
            return .success(try body())
        } catch {
            return .failure(MartletError.wrapping(error))
        }
    }
}

extension Column {
    /// The mean of the finite numbers; nil for texts, and without one.
    fileprivate var finiteMean: Double? {
        switch values {
        case .strings: return nil
        case .numbers(let values):
            let finite = values.filter(\.isFinite)
            return finite.isEmpty ? nil : finite.reduce(0) { $0 + $1 / Double(finite.count) }
        case .integers(let values):
            let present = values.compactMap(\.self)
            return present.isEmpty ? nil : present.reduce(0.0) { $0 + Double($1) / Double(present.count) }
        }
    }

    /// The share of values that are missing or infinite.
    fileprivate var unusableShare: Double {
        let rows = values.count
        guard rows > 0 else { return 0 }
        if case .numbers(let values) = values { return Double(values.count { !$0.isFinite }) / Double(rows) }
        return Double(missingCount) / Double(rows)
    }
}
