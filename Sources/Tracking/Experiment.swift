package import Core

/// A named group of runs.
package struct Experiment: Sendable, Equatable {
    /// A whole number as text; `0` is the experiment `Default`.
    package let id: String
    /// Unique among all experiments, deleted ones too.
    package let name: String
    /// Where its artifacts lie, such as `mlflow-artifacts:/7`.
    package let artifactLocation: String
    /// Whether it is deleted.
    package let lifecycle: Lifecycle
    /// When it was created.
    package let creationTime: Timestamp
    /// When it was last changed.
    package let lastUpdateTime: Timestamp
    /// Its tags, sorted by key.
    package let tags: [Tag]

    /// The experiment that exists from the start.
    package static let defaultID = "0"
}

/// A key and a text, on an experiment, a run or a logged model.
package struct Tag: Sendable, Equatable, Hashable {
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

/// An input of a run that is written once, such as `learning_rate`.
package struct Param: Sendable, Equatable, Hashable {
    /// The key.
    package let key: String
    /// The value as text.
    package let value: String

    /// Makes a param.
    package init(key: String, value: String) {
        self.key = key
        self.value = value
    }
}
