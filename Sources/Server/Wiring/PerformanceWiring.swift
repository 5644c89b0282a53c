import Core
import Ledger
import Monitoring
import Serving

/// What is judged of predictions comes from the ledger, what is known of their models from the deployments.
enum PerformanceWiring {
    /// The source of a house.
    static func source(
        ledger: PredictionLedger,
        store: LedgerStore,
        deployments: DeploymentTable,
        monitors: MonitorService
    ) -> PerformanceSource {
        PerformanceSource(
            rows: { deployment, limit, since in
                try await ledger.recentRows(deployment, limit: limit).reversed().filter { $0.createdAt >= since }.map {
                    PerformanceRow(
                        version: $0.version,
                        at: $0.createdAt,
                        features: $0.features,
                        prediction: $0.prediction,
                        score: $0.score,
                        label: $0.label
                    )
                }
            },
            fingerprint: { deployment, _ in
                try await ledger.flush()
                return "\(try await store.revision(of: deployment))"
            },
            model: { deployment, version in try await model(deployments, deployment, version) },
            watched: {
                await monitors.monitors().compactMap { monitor in
                    monitor.spec.performance.map {
                        WatchedPerformance(monitor: monitor.spec.name, deployment: monitor.spec.deployment, spec: $0)
                    }
                }
            }
        )
    }

    private static func model(
        _ deployments: DeploymentTable,
        _ deployment: String,
        _ version: Int
    ) async throws -> PerformanceModel? {
        guard let routing = try? deployments.find(deployment).routing,
            let served = routing.model(version: version) ?? (routing.stable.version == version ? routing.stable : nil)
        else { return nil }
        let loaded = try await served.load().loaded
        guard loaded.rows != nil else {
            return PerformanceModel(
                classes: loaded.classes.isEmpty ? nil : loaded.classes,
                features: loaded.inputs,
                score: .none,
                reference: loaded.reference
            )
        }
        // One output is a probability or a value; several are one for each class, named or not.
        let width = loaded.outputWidth
        let classes = loaded.classes.isEmpty && width > 1 ? (0..<width).map(String.init) : loaded.classes
        return PerformanceModel(
            classes: classes,
            features: loaded.inputs,
            score: classes.isEmpty ? .none : width == 1 ? .positive : .predicted,
            reference: loaded.reference
        )
    }
}
