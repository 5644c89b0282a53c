import Core
import Storage
import Traces
import Tracking

/// What traces need to know of experiments.
enum TraceWiring {
    /// The traces over the same database and artifacts as the experiments that they belong to.
    static func store(database: Database, tracking: TrackingStore, clock: Clock) -> TraceStore {
        TraceStore(
            database: database,
            artifacts: tracking.artifacts,
            experiments: TraceExperiments(find: { id in
                let experiment = try await tracking.experiment(id)
                return TraceExperiments.Experiment(
                    id: experiment.id,
                    artifactLocation: experiment.artifactLocation,
                    isActive: experiment.lifecycle == .active
                )
            }),
            clock: clock
        )
    }
}
