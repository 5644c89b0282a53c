/// Maxima of experiments and runs, those of MLflow where clients know them; tested at the limit and one past it.
package enum TrackingLimits {
    /// Characters of the key of a metric, param or tag.
    package static let keyCharacters = 250
    /// Characters of a run's id.
    package static let runIDCharacters = 256
    /// Characters of a param's value; longer ones are cut.
    package static let paramValueCharacters = 6000
    /// Characters of a run tag's value; longer ones are cut.
    package static let tagValueCharacters = 8000
    /// Characters of the list of models in the tag `mlflow.log-model.history`.
    package static let modelHistoryCharacters = 1_000_000
    /// Metrics in one batch.
    package static let batchMetrics = 1000
    /// Params in one batch.
    package static let batchParams = 100
    /// Tags in one batch.
    package static let batchTags = 100
    /// Metrics, params and tags together in one batch.
    package static let batchItems = 1000
    /// Characters of an experiment's name.
    package static let experimentNameCharacters = 500
    /// Characters of an experiment tag's value.
    package static let experimentTagValueCharacters = 20_000
    /// Characters of an artifact location.
    package static let locationCharacters = 2048
    /// Characters of a run's or a logged model's name.
    package static let nameCharacters = 500
    /// Results of one page of a search for runs or experiments.
    package static let searchResults = 50_000
    /// Results of one page of a search for runs or experiments when nothing is asked for.
    package static let defaultSearchResults = 1000
    /// Points of one page of a metric's history.
    package static let historyPoints = 25_000
    /// Runs of one bulk history.
    package static let bulkRuns = 100
    /// Points per run of a sampled bulk history.
    package static let bulkPointsPerRun = 2500
    /// Characters of a dataset's name.
    package static let datasetNameCharacters = 500
    /// Characters of a dataset's digest.
    package static let datasetDigestCharacters = 36
    /// Characters of a dataset's source.
    package static let datasetSourceCharacters = 65_535
    /// Characters of a dataset's schema.
    package static let datasetSchemaCharacters = 1_048_575
    /// Characters of a dataset's profile.
    package static let datasetProfileCharacters = 16_777_215
    /// Characters of the key of a dataset's tag.
    package static let inputTagKeyCharacters = 255
    /// Characters of the value of a dataset's tag.
    package static let inputTagValueCharacters = 500
    /// Datasets or models in one call that logs inputs or outputs.
    package static let inputs = 2000
    /// Experiments of one search for datasets.
    package static let datasetSearchExperiments = 20
    /// Results of one search for datasets.
    package static let datasetSearchResults = 1000
    /// Experiments that one search for runs names.
    package static let searchExperiments = 1000
    /// Results of one page of a search for logged models; more are returned on the next pages.
    package static let loggedModelResults = 1000
    /// Results of one page of a search for logged models when nothing is asked for.
    package static let defaultLoggedModelResults = 50
    /// Characters of the key of a logged model's param or tag.
    package static let loggedModelKeyCharacters = 250
    /// Characters of the value of a logged model's param or tag.
    package static let loggedModelValueCharacters = 100_000
    /// Params or tags in one call on a logged model.
    package static let loggedModelItems = 1000
    /// Run keys or rows that one SQL statement names.
    package static let keysPerStatement = 500
    /// Points that wait in the tail before a write folds them.
    package static let metricTail = 16_384
    /// Metric keys whose numbers a server remembers; at one more it forgets all.
    package static let knownMetricKeys = 20_000
    /// Points up to which a history is read whole to be sampled.
    package static let wholeHistoryPoints = 10_000
    /// Points between two anchors of a walk along a long history.
    package static let historyStride = 256
    /// Anchors after which the distance between them doubles.
    package static let historyAnchors = 1_000
}
