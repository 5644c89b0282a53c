package import Core

/// A model as an object of its own: made by a run, finished when its files are there, registered later or never.
package struct LoggedModel: Sendable, Equatable {
    /// Whether its files are complete; the raw value is MLflow's number.
    package enum Status: Int64, Sendable, CaseIterable {
        case pending = 1
        case ready = 2
        case uploadFailed = 3
    }

    /// `m-` and 32 hexadecimal digits.
    package let id: String
    /// Its experiment.
    package let experimentID: String
    /// Its name; may repeat.
    package let name: String
    /// When it was created.
    package let creationTime: Timestamp
    /// When it was last changed.
    package let lastUpdateTime: Timestamp
    /// Where its files lie, such as `mlflow-artifacts:/7/models/m-…/artifacts`.
    package let artifactURI: String
    /// Whether its files are complete.
    package let status: Status
    /// A word for its kind; may be empty.
    package let modelType: String
    /// The run that made it.
    package let sourceRunID: String?
    /// Whether it is deleted.
    package let lifecycle: Lifecycle
    /// Its tags, sorted by key.
    package let tags: [Tag]
    /// Its params, sorted by key.
    package let params: [Param]
    /// Every point of its metrics.
    package let metrics: [LoggedModelMetric]
}

/// A point of a metric that judges a logged model, and the run that logged it.
package struct LoggedModelMetric: Sendable, Equatable {
    /// The point.
    package let metric: Metric
    /// The run that logged it.
    package let runID: String

    /// Makes a point.
    package init(metric: Metric, runID: String) {
        self.metric = metric
        self.runID = runID
    }
}
