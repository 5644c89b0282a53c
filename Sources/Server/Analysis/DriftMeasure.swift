import Core
import Drift
import Ledger
import Monitoring
import Rollouts
import Serving

/// Compares what a candidate was asked with the sample that came with it.
///
/// A monitor that watches the deployment by the candidate's own reference speaks first. Otherwise new rows that the
/// candidate scored are compared in blocks that do not overlap, column by column (Kolmogorov–Smirnov, Bonferroni); the
/// k-th block may err with probability `alpha / (k (k + 1))`, which sums to `alpha` over any number of looks.
struct DriftMeasure: Sendable {
    let monitors: MonitorService
    let store: LedgerStore
    let columns: LedgerColumns
    let candidate: @Sendable (_ deployment: String, _ version: Int) async throws -> LoadedModel?

    /// Takes one look.
    func measure(
        _ question: RolloutQuestion,
        _ memory: JSONObject
    ) async throws -> (measurement: ExternalMeasurement, memory: JSONObject) {
        if let said = monitored(question) { return (said, memory) }
        guard let model = try await candidate(question.deployment, question.candidate) else {
            return (Self.undecided("version \(question.candidate) is not loaded"), memory)
        }
        guard let reference = model.reference else {
            return (Self.undecided("version \(question.candidate) came without a reference sample"), memory)
        }
        let after = Self.position(memory)
        let found = try await rows(question, model.inputs, after: after)
        guard found.values.count >= AnalysisLimits.driftRows, let newest = found.newest else {
            let waiting = "\(found.values.count) of \(AnalysisLimits.driftRows) new rows"
            return (Self.last(memory, waiting), memory)
        }
        let look = max(0, Int(memory["looks"]?.integerValue ?? 0)) + 1
        let names = model.inputs
        let report = try await BlockingWork.run {
            try DriftLook.compare(reference, names, found.values, look: look)
        }
        var next = memory
        next["looks"] = .int(look)
        next["after_at"] = .integer(newest.createdAt.milliseconds)
        next["after_number"] = .integer(newest.number)
        next["drifted"] = report.drifted.map { .bool($0) } ?? .null
        next["rows"] = .int(found.values.count)
        next["message"] = .string(Self.words(report, rows: found.values.count))
        return (Self.last(next, ""), next)
    }

    /// What a monitor says that compares with the candidate's own reference; nil when there is none.
    private func monitored(_ question: RolloutQuestion) -> ExternalMeasurement? {
        guard let signal = monitors.signal(deployment: question.deployment),
            signal.referenceVersion == String(question.candidate), signal.evaluatedAt != nil,
            signal.state != .collecting
        else { return nil }
        let named = signal.driftedFeatures.prefix(3).joined(separator: ", ")
        return ExternalMeasurement(
            takenAt: question.now,
            value: signal.score,
            outcome: signal.detected ? .fail : .pass,
            samples: signal.windowSize,
            message: "monitor \(signal.monitor) says \(signal.state.rawValue)" + (named.isEmpty ? "" : " (\(named))")
        )
    }

    /// New rows that the candidate scored in this rollout, in its columns.
    private func rows(
        _ question: RolloutQuestion,
        _ names: [String],
        after: LedgerPosition?
    ) async throws -> (values: [[Float]], newest: LedgerPosition?) {
        let place = try await columns.placing(question.deployment, in: names)
        let since = max(question.startedAt, after?.createdAt ?? question.startedAt)
        let found = try await store.scan(question.deployment, since: since, limit: AnalysisLimits.ledgerRows)
        let own = found.filter { row in
            let isCandidates =
                row.record.version == question.candidate || row.record.shadowVersion == question.candidate
            return isCandidates && row.record.arm != .shadow && (after.map { row.position > $0 } ?? true)
        }
        return (own.compactMap { place($0.record) }, own.first?.position)
    }

    private static func words(_ report: Drift.DetectorReport, rows: Int) -> String {
        guard let drifted = report.drifted else { return report.reason ?? "insufficient data" }
        let named = report.features.filter { $0.drifted == true }.prefix(3).map(\.name).joined(separator: ", ")
        return drifted ? "\(rows) rows differ in \(named)" : "\(rows) rows are like the reference"
    }

    private static func position(_ memory: JSONObject) -> LedgerPosition? {
        guard let at = memory["after_at"]?.integerValue, let number = memory["after_number"]?.integerValue else {
            return nil
        }
        return LedgerPosition(createdAt: Timestamp(milliseconds: at), number: number)
    }

    /// What the last look said; before the first, that rows are awaited.
    private static func last(_ memory: JSONObject, _ waiting: String) -> ExternalMeasurement {
        guard let said = memory["message"]?.stringValue else { return undecided(waiting) }
        let outcome: CheckResult.Outcome? =
            switch memory["drifted"]?.boolValue {
            case true?: .fail
            case false?: .pass
            case nil: .undecided
            }
        return ExternalMeasurement(
            takenAt: Timestamp(milliseconds: 0),
            outcome: outcome,
            samples: memory["rows"]?.integerValue.map { Int($0) },
            message: waiting.isEmpty ? said : "\(said); \(waiting)"
        )
    }

    private static func undecided(_ message: String) -> ExternalMeasurement {
        ExternalMeasurement(takenAt: Timestamp(milliseconds: 0), outcome: .undecided, message: message)
    }
}
