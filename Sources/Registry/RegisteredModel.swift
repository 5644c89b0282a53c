package import Core

/// A name under which versions of a model are kept.
package struct RegisteredModel: Sendable, Equatable {
    /// Unique.
    package let name: String
    /// For people; nil if never set.
    package let description: String?
    /// When it was created.
    package let creationTime: Timestamp
    /// When it or one of its versions was last changed.
    package let lastUpdateTime: Timestamp
    /// Its tags, sorted by key.
    package let tags: [ModelTag]
    /// Its aliases, sorted by name.
    package let aliases: [ModelAlias]
    /// The highest version of every stage.
    package let latestVersions: [ModelVersion]
}

/// A key and a text on a registered model or a version.
package struct ModelTag: Sendable, Equatable, Hashable {
    /// The key.
    package let key: String
    /// The text.
    package let value: String

    /// Makes a tag.
    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}

/// A name that points to a version and can be moved, such as `production`.
package struct ModelAlias: Sendable, Equatable {
    /// The name.
    package let name: String
    /// The version that it points to.
    package let version: Int

    /// Makes an alias.
    package init(name: String, version: Int) {
        self.name = name
        self.version = version
    }
}

/// An alias that was moved, set or deleted.
package struct AliasChange: Sendable, Equatable {
    /// The registered model.
    package let model: String
    /// The alias.
    package let alias: String
    /// Where it points now; nil if it is gone.
    package let version: Int?

    /// Makes a change.
    package init(model: String, alias: String, version: Int?) {
        self.model = model
        self.alias = alias
        self.version = version
    }
}
