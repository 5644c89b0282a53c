package import Artifacts
package import Core
package import Storage

/// Experiments, runs and logged models in the database, their files in the artifact store.
///
/// Every change is one transaction, durable when the call returns.
package final class TrackingStore: Sendable {
    /// Where everything but files is kept.
    let database: Database
    /// Where files are kept.
    package let artifacts: any ArtifactStore
    /// The time of what is created here.
    let clock: Clock
    /// What is known of the metrics' keys.
    let metricKeys = MetricKeys()

    /// What else goes when a run is deleted; it runs in the transaction that deletes it.
    let onRunDeleted: @Sendable (Connection, String) throws -> Void

    /// Called when a run ends, in the transaction that says so.
    package typealias RunOutbox = @Sendable (_ connection: Connection, _ run: RunInfo) throws -> Void
    /// Who hears of runs that end.
    let runEnded: RunOutbox

    /// Makes the store; `prepare()` must have run once on the database before the first use.
    package init(
        database: Database,
        artifacts: any ArtifactStore,
        clock: Clock = .system,
        onRunDeleted: @escaping @Sendable (Connection, String) throws -> Void = { _, _ in },
        runEnded: @escaping RunOutbox = { _, _ in }
    ) {
        self.onRunDeleted = onRunDeleted
        self.runEnded = runEnded
        self.database = database
        self.artifacts = artifacts
        self.clock = clock
    }

    /// Creates the experiment `Default` if there is none; call it after the migrations.
    package func prepare() async throws {
        let now = clock.now
        try await database.write { connection in
            guard try connection.first("SELECT name FROM experiments WHERE experiment_id = 0") == nil else { return }
            try Self.insertExperiment(connection, number: 0, name: "Default", location: nil, tags: [], now: now)
        }
    }
}
