import Core
import Registry
import Rollouts
import Serving
import Storage
import Traces
import Tracking

/// What the collector asks deployments and traces.
enum CollectionWiring {
    static func collector(stores: Stores, clock: Clock) -> Collector {
        let deployments = DeploymentStore(database: stores.database)
        let traces = traceStore(stores, clock)
        return Collector(
            tracking: stores.tracking,
            registry: stores.registry,
            artifacts: stores.artifacts,
            neighbours: Collector.Neighbours(
                versionsInUse: { try await versionsInUse(deployments) },
                existingTraces: { ids in try await traces?.existing(ids) ?? Set(ids) },
                purgeTraces: { experiments in try await traces?.purge(experimentIDs: experiments) }
            ),
            clock: clock
        )
    }

    /// Nil as long as the schema has no traces: then everything that looks like one is kept.
    private static func traceStore(_ stores: Stores, _ clock: Clock) -> TraceStore? {
        let steps = Set(Stores.migrations.map(\.id))
        guard TraceStore.migrations.allSatisfy({ steps.contains($0.id) }) else { return nil }
        let experiments = TraceExperiments { id in
            throw MartletError(.notFound, "Collecting asks for no experiment, but did for \(id.prefix(80)).")
        }
        return TraceStore(
            database: stores.database,
            artifacts: stores.artifacts,
            experiments: experiments,
            clock: clock
        )
    }

    /// The versions that a deployment serves, tries, may go back to or has served lately.
    private static func versionsInUse(_ store: DeploymentStore) async throws -> Set<Collector.Version> {
        var versions: Set<Collector.Version> = []
        for deployment in try await store.all() {
            let name = deployment.spec.name
            let rollout = try await store.rollouts(name, limit: 1).first
            let revisions = try await store.revisions(name, limit: CollectionLimits.keptRevisions)
            let numbers =
                [deployment.stable, deployment.previous, rollout?.machine.stable, rollout?.machine.candidate]
                .compactMap(\.self) + revisions.map(\.version)
            versions.formUnion(numbers.map { Collector.Version(model: deployment.spec.model, number: $0) })
        }
        return versions
    }
}
