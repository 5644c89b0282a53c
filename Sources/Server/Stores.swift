import Access
import Artifacts
import Core
import Datasets
import Evaluations
import Events
import Imports
import Ledger
import Lineage
import Loop
import Monitoring
import Pipelines
import Registry
import Secrets
import Serving
import Storage
import Studies
import Traces
import Tracking
import Webhooks

/// The data of every feature, over one database and one artifact store.
struct Stores: Sendable {
    let database: Database
    let artifacts: any ArtifactStore
    let tracking: TrackingStore
    let traces: TraceStore
    let registry: RegistryStore
    let webhooks: WebhookStore
    let evaluations: EvaluationStore
    let datasets: DatasetStore
    let studies: StudyStore
    let secrets: SecretStore
    let events: EventLog
    /// What happens, told to the stream of events and to webhooks in the transaction of the change.
    let outbox: EventWiring

    /// Opens the database and the artifacts and brings the schema up to date; `onAliasChange` hears of moved aliases
    /// after they are committed, `onRegistryEvent` of events that webhooks may wait for.
    static func open(
        settings: ServerSettings,
        quota: @escaping @Sendable () -> Int64? = { nil },
        clock: Clock,
        onAliasChange: @escaping @Sendable (AliasChange) -> Void,
        onRegistryEvent: @escaping @Sendable () -> Void
    ) async throws -> Stores {
        let database = try await DatabaseWiring.open(settings)
        try await database.migrate(migrations, now: clock.now)
        AuditLog(database: database, name: settings.workspace, clock: clock).install()
        let artifacts = QuotaArtifactStore(
            try ArtifactWiring.store(settings: settings, clock: clock),
            clock: clock,
            limit: quota
        )
        let webhooks = try WebhookWiring.store(settings: settings, database: database, clock: clock)
        let events = EventLog(database: database, workspace: settings.workspace, clock: clock)
        let outbox = EventWiring(log: events, webhooks: webhooks, clock: clock)
        let tracking = TrackingStore(
            database: database,
            artifacts: artifacts,
            clock: clock,
            onRunDeleted: { try TraceStore.deleteAssessments($0, runID: $1) },
            runEnded: outbox.training
        )
        try await tracking.prepare()
        let secrets = try await SecretWiring.store(settings: settings, database: database, clock: clock)
        return Stores(
            database: database,
            artifacts: artifacts,
            tracking: tracking,
            traces: TraceWiring.store(database: database, tracking: tracking, clock: clock),
            registry: RegistryStore(
                database: database,
                artifacts: artifacts,
                sources: RegistryWiring.sources(tracking: tracking),
                clock: clock,
                onAliasChange: onAliasChange,
                outbox: outbox.registry(committed: onRegistryEvent)
            ),
            webhooks: webhooks,
            evaluations: EvaluationStore(
                database: database,
                sources: EvaluationWiring.sources(tracking: tracking),
                clock: clock
            ),
            datasets: DataWiring.datasets(
                settings: settings,
                database: database,
                secrets: secrets,
                events: events,
                clock: clock
            ),
            studies: StudyStore(database: database, clock: clock),
            secrets: try await SecretWiring.store(settings: settings, database: database, clock: clock),
            events: events,
            outbox: outbox
        )
    }

    /// The schema's history of every feature, in the order in which the features depend on each other.
    static let migrations: [Migration] =
        TrackingStore.migrations + TraceStore.migrations + RegistryStore.migrations + WebhookStore.migrations
        + EvaluationStore.migrations + DatasetStore.migrations + PipelineStore.migrations
        + TriggerStore.migrations
        + DeploymentStore.migrations + LedgerStore.migrations + MonitorStore.migrations + LoopStore.migrations
        + ImportProgress.migrations + AuditLog.migrations + SecretStore.migrations
        + PerformanceStore.migrations + EventLog.migrations + AnalysisWiring.migrations
        + LineageStore.migrations + StudyStore.migrations
}
