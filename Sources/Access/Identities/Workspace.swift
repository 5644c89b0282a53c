package import Core

/// A house of its own on the server: its data, its artifacts, its models, seen by those who have a role in it.
package struct Workspace: Sendable, Equatable {
    /// What it is called; unchanging.
    package let name: String
    /// What it is for.
    package let description: String
    /// When it was made; 1970 for the one that every server has.
    package let createdAt: Timestamp
    /// When it was deleted; nil while it is there.
    ///
    /// Its data stays, and so does its name, until it is restored.
    package let deletedAt: Timestamp?
    /// What it may use.
    package let quota: WorkspaceQuota

    /// Makes a workspace.
    package init(
        name: String,
        description: String = "",
        createdAt: Timestamp,
        deletedAt: Timestamp? = nil,
        quota: WorkspaceQuota = WorkspaceQuota()
    ) {
        self.name = name
        self.description = description
        self.createdAt = createdAt
        self.deletedAt = deletedAt
        self.quota = quota
    }
}

/// What a workspace may use; nil is without a limit of its own.
package struct WorkspaceQuota: Sendable, Equatable {
    /// Bytes of artifacts.
    package var storageBytes: Int64?
    /// Requests a second over all who call.
    package var requestsPerSecond: Double?
    /// Pipeline tasks at the same time.
    package var concurrentTasks: Int64?
    /// Bytes of models in memory.
    package var modelMemoryBytes: Int64?

    /// Makes a quota.
    package init(
        storageBytes: Int64? = nil,
        requestsPerSecond: Double? = nil,
        concurrentTasks: Int64? = nil,
        modelMemoryBytes: Int64? = nil
    ) {
        self.storageBytes = storageBytes
        self.requestsPerSecond = requestsPerSecond
        self.concurrentTasks = concurrentTasks
        self.modelMemoryBytes = modelMemoryBytes
    }
}
