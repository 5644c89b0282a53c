package import Core

/// How far a run is.
package enum RunStatus: String, Sendable, CaseIterable {
    case running = "RUNNING"
    case scheduled = "SCHEDULED"
    case finished = "FINISHED"
    case failed = "FAILED"
    case killed = "KILLED"
}

/// What describes a run, without what was logged to it.
package struct RunInfo: Sendable, Equatable {
    /// 32 hexadecimal digits.
    package let id: String
    /// Its experiment.
    package let experimentID: String
    /// Its name, not necessarily unique.
    package let name: String
    /// Who started it; may be empty.
    package let userID: String
    /// How far it is.
    package let status: RunStatus
    /// When it started.
    package let startTime: Timestamp
    /// When it ended; nil while it runs.
    package let endTime: Timestamp?
    /// Where its artifacts lie, such as `mlflow-artifacts:/7/<run>/artifacts`.
    package let artifactURI: String
    /// Whether it is deleted.
    package let lifecycle: Lifecycle
}

/// A run with everything logged to it except the histories of its metrics and its files.
package struct Run: Sendable, Equatable {
    /// What describes it.
    package let info: RunInfo
    /// The latest point of every metric, sorted by key.
    package let metrics: [Metric]
    /// Its params, sorted by key.
    package let params: [Param]
    /// Its tags, sorted by key.
    package let tags: [Tag]
    /// The datasets that it read.
    package let datasets: [DatasetInput]
    /// The ids of the logged models that it read.
    package let modelInputs: [String]
    /// The logged models that it made, in the order in which they were logged.
    package let modelOutputs: [ModelOutput]

    /// The latest value of a metric.
    package func metric(_ key: String) -> Double? {
        metrics.first { $0.key == key }?.value
    }

    /// The value of a param.
    package func param(_ key: String) -> String? {
        params.first { $0.key == key }?.value
    }

    /// The value of a tag.
    package func tag(_ key: String) -> String? {
        tags.first { $0.key == key }?.value
    }
}

/// A logged model that a run made.
package struct ModelOutput: Sendable, Equatable {
    /// The logged model.
    package let modelID: String
    /// The step at which it was made.
    package let step: Int64

    /// Makes an output.
    package init(modelID: String, step: Int64) {
        self.modelID = modelID
        self.step = step
    }
}

/// A dataset that a run read, and in what role.
package struct DatasetInput: Sendable, Equatable {
    /// The name; with the digest it is unique in an experiment.
    package let name: String
    /// A digest of the content.
    package let digest: String
    /// The kind of source, such as `local`.
    package let sourceType: String
    /// Where it comes from, usually JSON.
    package let source: String
    /// The columns as JSON.
    package let schema: String?
    /// Sizes and statistics as JSON.
    package let profile: String?
    /// Tags of this use; `mlflow.data.context` says what for, such as `training`.
    package let tags: [Tag]

    /// Makes a dataset input.
    package init(
        name: String,
        digest: String,
        sourceType: String,
        source: String,
        schema: String? = nil,
        profile: String? = nil,
        tags: [Tag] = []
    ) {
        self.name = name
        self.digest = digest
        self.sourceType = sourceType
        self.source = source
        self.schema = schema
        self.profile = profile
        self.tags = tags
    }
}
