package import Artifacts
package import Core
package import Storage

/// Registered models, their versions and aliases.
///
/// Every change is one transaction, durable when the call returns. Aliases are what deployments follow; whoever needs to
/// know at once that one moved gives `onAliasChange`, which is called after the commit and may be missed in a crash.
package final class RegistryStore: Sendable {
    let database: Database
    let artifacts: any ArtifactStore
    let sources: ModelSources
    let clock: Clock
    let onAliasChange: @Sendable (AliasChange) -> Void
    let outbox: RegistryOutbox

    /// Makes the store; its migrations must have run.
    package init(
        database: Database,
        artifacts: any ArtifactStore,
        sources: ModelSources,
        clock: Clock = .system,
        onAliasChange: @escaping @Sendable (AliasChange) -> Void = { _ in },
        outbox: RegistryOutbox = .none
    ) {
        self.database = database
        self.artifacts = artifacts
        self.sources = sources
        self.clock = clock
        self.onAliasChange = onAliasChange
        self.outbox = outbox
    }
}
