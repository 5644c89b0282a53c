package import Core

/// An experiment as it comes from another server, with its own times.
package struct ImportedExperiment: Sendable, Equatable {
    /// Its id there; kept if it is free here.
    package var id: String
    /// Its name; an experiment with this name takes in what is imported.
    package var name: String
    /// Whether it is deleted there.
    package var lifecycle: Lifecycle
    /// When it was created.
    package var creationTime: Timestamp
    /// When it was last changed.
    package var lastUpdateTime: Timestamp
    /// Its tags.
    package var tags: [Tag]

    /// Makes an experiment.
    package init(
        id: String,
        name: String,
        lifecycle: Lifecycle = .active,
        creationTime: Timestamp,
        lastUpdateTime: Timestamp,
        tags: [Tag] = []
    ) {
        self.id = id
        self.name = name
        self.lifecycle = lifecycle
        self.creationTime = creationTime
        self.lastUpdateTime = lastUpdateTime
        self.tags = tags
    }
}

/// A run as it comes from another server: everything but the histories of its metrics and its files.
package struct ImportedRun: Sendable, Equatable {
    /// Its id, which it keeps.
    package var id: String
    /// Its name.
    package var name: String
    /// Who started it.
    package var userID: String
    /// How far it is.
    package var status: RunStatus
    /// When it started.
    package var startTime: Timestamp
    /// When it ended.
    package var endTime: Timestamp?
    /// Whether it is deleted.
    package var lifecycle: Lifecycle
    /// When it was deleted, if that is known.
    package var deletedTime: Timestamp?
    /// Where its artifacts stay if they are in an object store that clients reach themselves; nil for a place here.
    package var foreignArtifactURI: String?
    /// Its params.
    package var params: [Param]
    /// Its tags.
    package var tags: [Tag]
    /// The datasets that it read.
    package var datasets: [DatasetInput]
    /// The logged models that it read.
    package var modelInputs: [String]
    /// The logged models that it made.
    package var modelOutputs: [ModelOutput]

    /// Makes a run.
    package init(
        id: String,
        name: String,
        userID: String = "",
        status: RunStatus = .finished,
        startTime: Timestamp,
        endTime: Timestamp? = nil,
        lifecycle: Lifecycle = .active,
        deletedTime: Timestamp? = nil,
        foreignArtifactURI: String? = nil,
        params: [Param] = [],
        tags: [Tag] = [],
        datasets: [DatasetInput] = [],
        modelInputs: [String] = [],
        modelOutputs: [ModelOutput] = []
    ) {
        self.id = id
        self.name = name
        self.userID = userID
        self.status = status
        self.startTime = startTime
        self.endTime = endTime
        self.lifecycle = lifecycle
        self.deletedTime = deletedTime
        self.foreignArtifactURI = foreignArtifactURI
        self.params = params
        self.tags = tags
        self.datasets = datasets
        self.modelInputs = modelInputs
        self.modelOutputs = modelOutputs
    }
}

/// A logged model as it comes from another server.
package struct ImportedLoggedModel: Sendable, Equatable {
    /// Its id, which it keeps.
    package var id: String
    /// Its name.
    package var name: String
    /// When it was created.
    package var creationTime: Timestamp
    /// When it was last changed.
    package var lastUpdateTime: Timestamp
    /// Whether its files are complete.
    package var status: LoggedModel.Status
    /// A word for its kind.
    package var modelType: String
    /// The run that made it.
    package var sourceRunID: String?
    /// Whether it is deleted.
    package var lifecycle: Lifecycle
    /// Where its files stay if they are in an object store that clients reach themselves; nil for a place here.
    package var foreignArtifactURI: String?
    /// Its tags.
    package var tags: [Tag]
    /// Its params.
    package var params: [Param]
    /// Every point of its metrics.
    package var metrics: [LoggedModelMetric]

    /// Makes a logged model.
    package init(
        id: String,
        name: String,
        creationTime: Timestamp,
        lastUpdateTime: Timestamp,
        status: LoggedModel.Status = .ready,
        modelType: String = "",
        sourceRunID: String? = nil,
        lifecycle: Lifecycle = .active,
        foreignArtifactURI: String? = nil,
        tags: [Tag] = [],
        params: [Param] = [],
        metrics: [LoggedModelMetric] = []
    ) {
        self.id = id
        self.name = name
        self.creationTime = creationTime
        self.lastUpdateTime = lastUpdateTime
        self.status = status
        self.modelType = modelType
        self.sourceRunID = sourceRunID
        self.lifecycle = lifecycle
        self.foreignArtifactURI = foreignArtifactURI
        self.tags = tags
        self.params = params
        self.metrics = metrics
    }
}
