package import Storage

/// What happened to a registered model, a version or one of MLflow's prompts (a registered model with a mark).
package enum RegistryEvent: Sendable, Equatable {
    /// A registered model or prompt was created.
    case modelCreated(name: String, description: String, tags: [ModelTag], isPrompt: Bool)
    /// A version of it was created.
    case versionCreated(ModelVersion, isPrompt: Bool)
    /// A tag of it was set.
    case modelTagSet(name: String, tag: ModelTag, isPrompt: Bool)
    /// A tag of it was deleted.
    case modelTagDeleted(name: String, key: String, isPrompt: Bool)
    /// A tag of one of its versions was set.
    case versionTagSet(name: String, version: Int, tag: ModelTag, isPrompt: Bool)
    /// A tag of one of its versions was deleted.
    case versionTagDeleted(name: String, version: Int, key: String, isPrompt: Bool)
    /// An alias was set or moved to a version.
    case aliasSet(name: String, alias: String, version: Int, isPrompt: Bool)
    /// An alias was deleted.
    case aliasDeleted(name: String, alias: String, isPrompt: Bool)
}

/// Who is told of registry events.
///
/// `record` runs inside the transaction of the change, so an acknowledged change always has its record and a change that
/// failed has none; what it writes must be little.
package struct RegistryOutbox: Sendable {
    /// Writes an event down, in the transaction that makes it true.
    let record: @Sendable (Connection, RegistryEvent) throws -> Void
    /// Is called after the commit; a hint only, which a crash may swallow.
    let committed: @Sendable () -> Void

    /// Makes an outbox from its two closures.
    package init(
        record: @escaping @Sendable (Connection, RegistryEvent) throws -> Void,
        committed: @escaping @Sendable () -> Void
    ) {
        self.record = record
        self.committed = committed
    }

    /// Tells nobody.
    package static let none = RegistryOutbox(record: { _, _ in }, committed: {})
}
