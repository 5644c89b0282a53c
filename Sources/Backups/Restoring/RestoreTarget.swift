package import Artifacts
package import Storage

/// Where one part of a backup is restored to.
package struct RestoreTarget: Sendable {
    /// Where the database goes.
    package enum Place: Sendable {
        /// A new file.
        case file(String)
        /// An empty PostgreSQL schema.
        case postgres(Database)
    }

    /// The database.
    package let database: Place
    /// The store of the files; nil leaves them out.
    package let artifacts: (any ArtifactStore)?

    /// A target.
    package init(database: Place, artifacts: (any ArtifactStore)?) {
        self.database = database
        self.artifacts = artifacts
    }
}
