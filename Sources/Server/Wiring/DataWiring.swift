import Artifacts
import Core
import Datasets
import Egress
import Events
import Foundation
import Secrets
import Storage

/// Datasets over the house's stores: how their sources are reached, and who hears of new versions.
enum DataWiring {
    /// The datasets of a workspace.
    static func datasets(
        settings: ServerSettings,
        database: Database,
        secrets: SecretStore,
        events: EventLog,
        clock: Clock
    ) -> DatasetStore {
        let cache = "\(settings.data)/cache"
        let sources = DatasetSources(
            egress: EgressClient(policy: settings.egress.policy),
            secrets: { try await secrets.values(of: $0) },
            object: { try await object($0, cache: cache, clock: clock) }
        )
        return DatasetStore(database: database, clock: clock, sources: sources, outbox: outbox(events))
    }

    /// Tells the stream of events of a new version, in its transaction.
    static func outbox(_ events: EventLog) -> DatasetStore.Outbox {
        { connection, update in
            _ = try events.append(
                connection,
                EventRecord(
                    type: "martlet.dataset.updated",
                    subject: "datasets/\(update.dataset)",
                    data: [
                        "dataset": .string(update.dataset), "version": .string(update.version),
                        "previous_version": .optional(update.previous), "rows": .integer(update.rows),
                        "message": .string(
                            "The dataset \(update.dataset) has \(update.rows) rows in version \(update.version.prefix(12))."
                        ),
                    ],
                    at: update.at
                )
            )
        }
    }

    /// Opens an object with the credentials that the server has from its environment.
    private static func object(_ location: String, cache: String, clock: Clock) async throws -> ArtifactBody {
        let environment = ProcessInfo.processInfo.environment
        let chain = S3CredentialChain(environment: environment, home: environment["HOME"] ?? "")
        let parts = location.dropFirst(S3Settings.locationScheme.count).split(separator: "/", maxSplits: 1)
        guard parts.count == 2 else {
            throw MartletError(.invalidArgument, "'\(location)' must be s3://bucket/key.")
        }
        let store = S3ArtifactStore(
            settings: try S3Settings.resolve(
                location: S3Settings.locationScheme + parts[0],
                environment: environment,
                profileRegion: chain.profileRegion
            ),
            credentials: chain.source,
            cache: try ArtifactCache(directory: cache, clock: clock),
            clock: clock
        )
        return try await store.read(try ArtifactPath(validating: String(parts[1])))
    }
}
