import Core
import Ledger
import Monitoring
import Performance
import Replay
import Rollouts
import Serving
import Synchronization

/// Estimates without labels how much worse a candidate is than the stable version, on rows that each of them scored.
///
/// Both are asked the newest labelled rows of the ledger, which calibrates their confidence (classes) or teaches their
/// errors (numbers); what follows of their answers during the rollout is an estimate with a sampling error. A drop counts
/// only when it is larger than tolerated by three of them.
final class EstimateMeasure: Sendable {
    private struct Pair: Sendable {
        let candidate: LabelFreeEstimator
        let stable: LabelFreeEstimator
        let columns: (candidate: [String], stable: [String])
    }

    private let store: LedgerStore
    private let columns: LedgerColumns
    private let load: @Sendable (_ deployment: String, _ version: Int) async throws -> LoadedModel?
    private let pairs = Mutex<[(key: String, pair: Pair)]>([])

    init(
        store: LedgerStore,
        columns: LedgerColumns,
        load: @escaping @Sendable (_ deployment: String, _ version: Int) async throws -> LoadedModel?
    ) {
        self.store = store
        self.columns = columns
        self.load = load
    }

    /// Takes one measurement.
    func measure(_ check: EstimateCheck, _ question: RolloutQuestion) async throws -> ExternalMeasurement {
        let pair: Pair
        switch try await estimators(question) {
        case .success(let found): pair = found
        case .failure(let why): return Self.undecided(why.message)
        }
        let rows = try await store.scan(
            question.deployment,
            since: question.startedAt,
            limit: AnalysisLimits.ledgerRows
        ).map(\.record).filter { $0.arm != .shadow }
        let ours = try await Self.rows(
            rows,
            of: question.candidate,
            columns.placing(question.deployment, in: pair.columns.candidate)
        )
        let theirs = try await Self.rows(
            rows,
            of: question.stable,
            columns.placing(question.deployment, in: pair.columns.stable)
        )
        let samples = min(ours.count, theirs.count)
        guard samples >= check.minimumRows else {
            var waiting = Self.undecided("\(samples) of \(check.minimumRows) rows that can be estimated")
            waiting.samples = samples
            return waiting
        }
        return try await BlockingWork.run {
            let judgement = EstimateJudgement(metric: pair.candidate.metric, tolerated: check.maximumDrop)
            return try judgement.measurement(
                candidate: Self.figure(pair.candidate.estimate(ours)),
                stable: Self.figure(pair.stable.estimate(theirs)),
                samples: samples
            )
        }
    }

    private static func figure(_ estimate: Estimate?) -> EstimateJudgement.Figure {
        EstimateJudgement.Figure(value: estimate?.value, error: estimate?.samplingError, reason: estimate?.reason)
    }

    private static func undecided(_ message: String) -> ExternalMeasurement {
        ExternalMeasurement(takenAt: Timestamp(milliseconds: 0), outcome: .undecided, message: message)
    }

    /// What one version said of rows, whether it answered them or scored them in the shadow.
    private static func rows(
        _ records: [LedgerRecord],
        of version: Int,
        _ place: (LedgerRecord) -> [Float]?
    ) -> [PerformanceRow] {
        records.compactMap { record in
            let (said, score): (String, Double)
            if record.version == version {
                (said, score) = (record.prediction, record.score)
            } else if record.shadowVersion == version, let other = record.shadowPrediction {
                (said, score) = (other, record.shadowScore ?? .nan)
            } else {
                return nil
            }
            guard let features = place(record) else { return nil }
            return PerformanceRow(
                version: version,
                at: record.createdAt,
                features: features,
                prediction: said,
                score: score,
                label: nil
            )
        }
    }

    private func estimators(_ question: RolloutQuestion) async throws -> Result<Pair, MartletError> {
        let key = "\(question.rollout) \(question.candidate) \(question.stable)"
        if let known = pairs.withLock({ pairs in pairs.first { $0.key == key }?.pair }) { return .success(known) }
        let labelled = try await store.labelled(
            question.deployment,
            since: Timestamp(milliseconds: 0),
            onlyDrifted: false,
            limit: AnalysisLimits.labelledRows
        )
        do throws(MartletError) {
            let candidate = try await estimator(question, question.candidate, labelled)
            let stable = try await estimator(question, question.stable, labelled)
            let pair = Pair(
                candidate: candidate.estimator,
                stable: stable.estimator,
                columns: (candidate.columns, stable.columns)
            )
            pairs.withLock { pairs in
                pairs.append((key, pair))
                if pairs.count > AnalysisLimits.estimators { pairs.removeFirst() }
            }
            return .success(pair)
        } catch {
            return .failure(error)
        }
    }

    /// Asks a version the labelled rows, and learns from what it says.
    private func estimator(
        _ question: RolloutQuestion,
        _ version: Int,
        _ labelled: [LedgerRecord]
    ) async throws(MartletError) -> (estimator: LabelFreeEstimator, columns: [String]) {
        do {
            guard let loaded = try await load(question.deployment, version) else {
                throw MartletError(.unavailable, "version \(version) is not loaded")
            }
            let model = loaded.replayed()
            let place = try await columns.placing(question.deployment, in: model.columns)
            let kept = labelled.compactMap { record in place(record).map { (record, $0) } }
            guard kept.count >= AnalysisLimits.fewestLabelledRows else {
                throw MartletError(
                    .failedPrecondition,
                    "\(kept.count) of \(AnalysisLimits.fewestLabelledRows) labelled predictions to calibrate version "
                        + "\(version) on"
                )
            }
            let answers = try await model.answer(kept.flatMap(\.1), kept.count)
            let rows = zip(kept, answers).map { row, answer in
                PerformanceRow(
                    version: version,
                    at: row.0.createdAt,
                    features: row.1,
                    prediction: answer.prediction,
                    score: answer.score,
                    label: row.0.label
                )
            }
            let judged = loaded.judged
            let learnt = try await BlockingWork.run { try LabelFreeEstimator(labelled: rows, model: judged) }
            return (learnt, model.columns)
        } catch {
            throw MartletError.wrapping(error)
        }
    }
}
