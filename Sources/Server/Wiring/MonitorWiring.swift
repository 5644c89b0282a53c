import Core
import Datasets
import Ledger
import Logging
import Loop
import Monitoring
import Runtimes
import Serving
import Synchronization

/// Monitors see what deployments serve, and answers carry what monitors found.
final class MonitorObserver: PredictionObserver {
    private struct Written {
        let signal: Monitoring.DriftSignal
        let answer: Serving.DriftSignal
    }

    private let monitors: MonitorService
    /// What answers carry, by deployment: written once for each evaluation and not for each answer.
    private let written = Mutex<[String: Written]>([:])

    init(monitors: MonitorService) {
        self.monitors = monitors
    }

    func observe(_ prediction: ObservedPrediction) {
        guard prediction.rows > 0 else { return }
        let inputs: ServedRows.Inputs
        switch prediction.inputs {
        case .rows(let values): inputs = .numbers(values)
        case .columns(let columns):
            inputs = .columns(
                columns.map { column in
                    switch column.values {
                    case .numbers(let values): ServedColumn(name: column.name, values: .numbers(values))
                    case .texts(let values): ServedColumn(name: column.name, values: .texts(values))
                    }
                }
            )
        }
        let (predictions, scores) = MonitorWiring.said(prediction)
        monitors.observe(
            ServedRows(
                deployment: prediction.deployment,
                version: prediction.version,
                names: prediction.model.inputs,
                inputs: inputs,
                count: prediction.rows,
                predictions: predictions,
                scores: scores,
                at: prediction.now
            )
        )
    }

    func driftSignal(deployment: String) -> Serving.DriftSignal? {
        guard let signal = monitors.signal(deployment: deployment) else { return nil }
        return written.withLock { written in
            if let known = written[deployment], known.signal.evaluatedAt == signal.evaluatedAt,
                known.signal.since == signal.since, known.signal.monitor == signal.monitor
            {
                return known.answer
            }
            let answer = Self.answer(signal)
            written[deployment] = Written(signal: signal, answer: answer)
            return answer
        }
    }

    private static func answer(_ signal: Monitoring.DriftSignal) -> Serving.DriftSignal {
        var finding: DriftFinding?
        if let detector = signal.detector, let score = signal.score {
            finding = DriftFinding(
                monitor: signal.monitor,
                detector: detector,
                score: score,
                pValue: signal.pValue,
                window: signal.windowSize,
                since: signal.since
            )
        }
        return Serving.DriftSignal(
            isDetected: signal.detected,
            version: signal.referenceVersion.flatMap { Int($0) },
            finding: finding
        )
    }
}

enum MonitorWiring {
    /// A deployment's new trusted version brings its own reference sample.
    static func hooks(monitors: MonitorService, logger: Logger) -> DeploymentHooks {
        var hooks = DeploymentHooks()
        hooks.stableChanged = { deployment, model in
            guard let reference = model.reference else { return }
            do {
                try await monitors.setReference(
                    deployment: deployment,
                    MonitorReference(
                        version: String(model.version),
                        table: reference,
                        predictions: await predictions(of: model, on: reference)
                    )
                )
            } catch {
                logger.error(
                    "The reference sample of a version could not be used; drift is judged by the one before.",
                    metadata: ["deployment": "\(deployment)", "version": "\(model.version)", "error": "\(error)"]
                )
            }
        }
        return hooks
    }

    /// A monitor that is declared later finds the reference sample of the version that serves.
    static func currentReference(_ table: DeploymentTable) -> MonitorService.CurrentReference {
        { deployment in
            guard let stable = try? table.find(deployment).routing?.stable else { return nil }
            let model = try await stable.load().loaded
            guard let reference = model.reference else { return nil }
            return try MonitorReference(
                version: String(model.version),
                table: reference,
                predictions: await predictions(of: model, on: reference)
            )
        }
    }

    /// What a model of numbers says of its own reference, so that its predictions can be watched; nil for other models.
    private static func predictions(of model: LoadedModel, on reference: Table) async -> Table? {
        guard let rows = model.rows, let matrix = try? reference.matrix(of: model.inputs) else { return nil }
        let count = reference.rowCount
        let isOwn = rows.placement == .own
        guard
            let outputs = isOwn
                ? try? rows.predict(matrix, count: count)
                : try? await BlockingWork.run({ try rows.predict(matrix, count: count) })
        else { return nil }
        let answers = (0..<count).map { model.answer(outputs, row: $0) }
        let isClassifier = answers.contains { $0.classIndex != nil }
        let said: Column.Values =
            isClassifier
            ? .strings(answers.map { model.label(of: $0) }) : .numbers(answers.map { Double($0.score) })
        return try? Table(columns: [
            Column(name: OutputColumn.prediction, values: said),
            Column(name: OutputColumn.score, values: .numbers(answers.map { Double($0.score) })),
        ])
    }

    /// What a model said, row by row.
    static func said(_ prediction: ObservedPrediction) -> (ServedRows.Predictions, [Float]) {
        if let answers = prediction.answers {
            guard answers.count == prediction.rows else { return (.none, []) }
            // A number is its own score; a text has none.
            let numbers = answers.compactMap { Float($0) }
            guard numbers.count == answers.count else { return (.texts(answers), []) }
            return (.numbers(numbers), prediction.outputs)
        }
        let model = prediction.model
        let width = model.outputWidth
        guard width > 0, prediction.outputs.count == width * prediction.rows else { return (.none, []) }
        if width == 1, model.classes.isEmpty { return (.numbers(prediction.outputs), prediction.outputs) }
        var classes: [Int] = []
        var scores: [Float] = []
        for row in 0..<prediction.rows {
            let answer = model.answer(prediction.outputs, row: row)
            classes.append(answer.classIndex ?? 0)
            scores.append(answer.score)
        }
        return (.classes(classes, names: model.classes), scores)
    }

    /// How wrong a prediction was, for monitors that read errors.
    static func labelled(_ record: LedgerRecord, monitors: MonitorService?) {
        guard let monitors, let label = record.label else { return }
        if let truth = Double(label), let said = Double(record.prediction),
            said == record.score || said != said.rounded()
        {
            monitors.observeError(deployment: record.deployment, abs(said - truth))
        } else {
            monitors.observeError(deployment: record.deployment, record.prediction == label ? 0 : 1)
        }
    }

    /// The rows of a dataset, as it is or was in a version.
    static func datasetRows(_ datasets: DatasetStore) -> MonitorService.DatasetRows {
        { name, version in
            let set = try await datasets.rowSet(name)
            if let version, version != set.version {
                throw MartletError(
                    .notFound,
                    "The dataset '\(name)' is at version \(set.version) now; version \(version) is not kept."
                )
            }
            let target = set.target?.column
            return try Table(columns: set.table.columns.filter { $0.name != target })
        }
    }

    /// A verdict that begins or ends drift goes to the triggers that watch the monitor.
    static func deliver(_ change: VerdictChange, to loops: LoopService?) async throws {
        guard let loops else { throw MartletError(.unavailable, "The server is still starting.") }
        let isDrift = change.to == .drift
        guard isDrift || change.from == .drift || change.to == .recovered else { return }
        let features = change.driftedFeatures
        let named = features.prefix(3).joined(separator: ", ") + (features.count > 3 ? ", …" : "")
        try await loops.monitorChanged(
            change.monitor,
            drifting: isDrift,
            message: "Monitor \(change.monitor) reports \(change.to.rawValue)"
                + (features.isEmpty ? "." : ": \(features.count) features differ (\(named))."),
            evidence: [
                "since": .integer(change.at.milliseconds), "deployment": .string(change.deployment),
                "severity": .string(change.severity.rawValue), "detector": .optional(change.detector),
                "data_events": .array(change.dataEvents), "score": .optional(change.score),
                "p_value": .optional(change.pValue),
                "features": .array(features.map(JSONValue.string)),
                "reference_version": .optional(change.referenceVersion),
            ]
        )
    }

    /// A monitor's window is filled again from the ledger after a restart.
    static func recentRows(ledger: PredictionLedger) -> MonitorService.RecentRows {
        { deployment, limit, since in
            let records = try await ledger.recentRows(deployment, limit: limit)
            // Rows whose inputs were not kept whole would look as if values were missing.
            let whole = records.filter { !$0.isCut && $0.redactedColumns.isEmpty }
            return whole.reversed().filter { record in since.map { record.createdAt >= $0 } ?? true }.map { record in
                RecentRow(
                    version: record.version,
                    features: record.features,
                    prediction: record.prediction,
                    score: record.score,
                    at: record.createdAt
                )
            }
        }
    }
}
