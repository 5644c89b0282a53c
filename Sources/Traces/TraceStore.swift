package import Artifacts
package import Core
package import Storage

/// Traces, their spans and what was said about them, in the database.
///
/// Every change is one transaction, durable when the call returns.
package final class TraceStore: Sendable {
    /// Where everything but files is kept.
    let database: Database
    /// Where old clients put spans and all put attachments.
    let artifacts: any ArtifactStore
    /// What is known about experiments.
    let experiments: TraceExperiments
    /// The time of what is created here.
    let clock: Clock

    /// Makes the store; the migrations must have run on the database before the first use.
    package init(
        database: Database,
        artifacts: any ArtifactStore,
        experiments: TraceExperiments,
        clock: Clock = .system
    ) {
        self.database = database
        self.artifacts = artifacts
        self.experiments = experiments
        self.clock = clock
    }

    /// An experiment that takes new traces, and its number in the database.
    func activeExperiment(_ id: String) async throws -> (experiment: TraceExperiments.Experiment, number: Int64) {
        let experiment = try await experiments.find(id)
        guard let number = Int64(experiment.id) else {
            throw MartletError(.invalidArgument, "Invalid experiment ID: '\(id.prefix(80))'.")
        }
        guard experiment.isActive else {
            throw MartletError(
                .invalidArgument,
                "The experiment \(experiment.id) must be in the 'active' state. Current state is deleted."
            )
        }
        return (experiment, number)
    }

    /// Where files of a trace lie.
    static func artifactLocation(of traceID: String, in experiment: TraceExperiments.Experiment) -> String {
        let base = experiment.artifactLocation
        return (base.hasSuffix("/") ? String(base.dropLast()) : base) + "/traces/\(traceID)/artifacts"
    }
}
