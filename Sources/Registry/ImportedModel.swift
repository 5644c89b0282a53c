package import Core

/// A registered model as it comes from another server, with its own times and numbers.
package struct ImportedModel: Sendable, Equatable {
    /// Its name, which it keeps.
    package var name: String
    /// For people.
    package var description: String?
    /// When it was created.
    package var creationTime: Timestamp
    /// When it was last changed.
    package var lastUpdateTime: Timestamp
    /// Its tags.
    package var tags: [ModelTag]
    /// Its aliases.
    package var aliases: [ModelAlias]
    /// Its versions; those that are missing between 1 and the last stay missing.
    package var versions: [ImportedVersion]

    /// Makes a model.
    package init(
        name: String,
        description: String? = nil,
        creationTime: Timestamp,
        lastUpdateTime: Timestamp,
        tags: [ModelTag] = [],
        aliases: [ModelAlias] = [],
        versions: [ImportedVersion] = []
    ) {
        self.name = name
        self.description = description
        self.creationTime = creationTime
        self.lastUpdateTime = lastUpdateTime
        self.tags = tags
        self.aliases = aliases
        self.versions = versions
    }
}

/// A version of a registered model as it comes from another server.
package struct ImportedVersion: Sendable, Equatable {
    /// Its number, which it keeps.
    package var version: Int
    /// Whether it is deleted: its number is taken, nothing else is kept.
    package var isDeleted: Bool
    /// When it was registered.
    package var creationTime: Timestamp
    /// When it was last changed.
    package var lastUpdateTime: Timestamp
    /// For people.
    package var description: String
    /// Its stage.
    package var stage: ModelVersion.Stage
    /// What was registered, as the client said it.
    package var source: String
    /// Where its files lie here.
    package var artifactURI: String
    /// The run that made it; may be empty.
    package var runID: String
    /// A link to the run in another system; may be empty.
    package var runLink: String
    /// Its tags.
    package var tags: [ModelTag]

    /// Makes a version.
    package init(
        version: Int,
        isDeleted: Bool = false,
        creationTime: Timestamp,
        lastUpdateTime: Timestamp,
        description: String = "",
        stage: ModelVersion.Stage = .none,
        source: String,
        artifactURI: String = "",
        runID: String = "",
        runLink: String = "",
        tags: [ModelTag] = []
    ) {
        self.version = version
        self.isDeleted = isDeleted
        self.creationTime = creationTime
        self.lastUpdateTime = lastUpdateTime
        self.description = description
        self.stage = stage
        self.source = source
        self.artifactURI = artifactURI
        self.runID = runID
        self.runLink = runLink
        self.tags = tags
    }
}
