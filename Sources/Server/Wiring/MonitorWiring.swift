import Core
import Logging
import Loop
import Monitoring
import Serving

/// Monitors see what deployments serve, and answers carry what monitors found.
struct MonitorObserver: PredictionObserver {
    let monitors: MonitorService

    func observe(_ prediction: ObservedPrediction) {
        guard prediction.rows > 0 else { return }
        let width = prediction.features.count / prediction.rows
        guard prediction.rows > 1 else {
            return monitors.observe(deployment: prediction.deployment, features: prediction.features)
        }
        for row in 0..<prediction.rows {
            let features = Array(prediction.features[row * width..<(row + 1) * width])
            monitors.observe(deployment: prediction.deployment, features: features)
        }
    }

    func driftSignal(deployment: String) -> Serving.DriftSignal? {
        monitors.signal(deployment: deployment).map { signal in
            Serving.DriftSignal(isDetected: signal.detected, version: signal.referenceVersion.flatMap { Int($0) })
        }
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
                    version: String(model.version),
                    table: reference
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
            return model.reference.map { (String(model.version), $0) }
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
                "score": .optional(change.score), "p_value": .optional(change.pValue),
                "features": .array(features.map(JSONValue.string)),
                "reference_version": .optional(change.referenceVersion),
            ]
        )
    }

    /// A monitor's window is filled again from the ledger after a restart.
    static func recentRows(ledger: PredictionLedger) -> MonitorService.RecentRows {
        { deployment, limit, since in
            let records = try await ledger.recentRows(deployment, limit: limit)
            return records.reversed().filter { record in since.map { record.createdAt >= $0 } ?? true }.map(\.features)
        }
    }
}
