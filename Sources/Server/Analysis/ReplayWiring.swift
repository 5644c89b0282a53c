import Core
import Ledger
import Replay
import Runtimes
import Serving

/// Replays find predictions in the ledger, and their candidates in the registry.
enum ReplayWiring {
    /// The sources of a house.
    ///
    /// - Parameters:
    ///   - ledger: what waits to be written.
    ///   - store: what is written.
    ///   - table: the deployments.
    ///   - models: the registry's versions.
    ///   - runtimes: how models are run.
    /// - Returns: the sources.
    static func sources(
        ledger: PredictionLedger,
        store: LedgerStore,
        table: DeploymentTable,
        models: ModelSource,
        runtimes: RuntimeSettings
    ) -> ReplaySources {
        ReplaySources(
            page: { deployment, window, before, limit in
                // What was answered a moment ago may still wait to be written.
                if before == nil { try await ledger.flush() }
                return try await store.scan(
                    deployment,
                    since: window.lowerBound,
                    until: window.upperBound,
                    before: before,
                    limit: limit
                )
            },
            resolve: { text in try await resolve(text, models) },
            load: { model, version in
                let loaded = try await models.load(model, version, runtimes)
                return loaded.replayed { await loaded.runtime.close() }
            },
            serving: { deployment in
                let live = try table.find(deployment)
                return (live.model, live.routing?.stable.version)
            },
            columns: { deployment, version in try await store.schema(deployment, version)?.columns }
        )
    }

    private static func resolve(_ text: String, _ models: ModelSource) async throws -> (model: String, version: Int) {
        guard let reference = ModelReference(uri: text) else {
            throw MartletError(
                .invalidArgument,
                "'candidate' must be models:/<name>/<version> or models:/<name>@<alias>, but is '\(text.prefix(100))'."
            )
        }
        switch reference.selector {
        case .version(let version): return (reference.model, version)
        case .alias(let alias):
            guard let version = try await models.resolve(reference.model, alias) else {
                throw MartletError(.notFound, "The model '\(reference.model)' has no alias '\(alias)'.")
            }
            return (reference.model, version)
        }
    }
}
