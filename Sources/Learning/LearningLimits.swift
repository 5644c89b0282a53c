/// The named maxima of the learning steps.
package enum LearningLimits {
    /// Most trials of one tuning task.
    package static let trials = 1000
    /// Most classes of a target.
    package static let classes = 100
    /// Metrics of rounds that are stored at once.
    package static let metricBatch = 500
    /// Most features of a training.
    package static let features = 10_000
    /// Most rounds of one training.
    package static let rounds = 100_000
    /// Most trees of one model: rounds, times trees in a round, times classes.
    package static let trees = 100_000
    /// Most threads of one training.
    package static let threads = 256
    /// Most parameters that one training is given.
    package static let trainingParameters = 200
    /// Most bytes of one parameter's value.
    package static let parameterBytes = 64 * 1024
    /// Highest code of a category.
    package static let categories = 100_000
    /// How relevant a row can be in its group; both libraries weigh by powers of two.
    package static let relevance = 31
    /// Most rows in the reference sample of a model.
    package static let referenceRows = 500
    /// Most rows that are explained with SHAP values.
    package static let explainedRows = 300
    /// Most upstream candidates that one evaluation compares.
    package static let candidates = 32
    /// Resamples of a bootstrap.
    package static let bootstrapResamples = 1000
    /// Fewest resamples of a bootstrap over many rows.
    package static let bootstrapMinimum = 100
    /// Rows that one bootstrap draws in all, unless that is fewer than `bootstrapMinimum` resamples.
    package static let bootstrapDraws = 50_000_000
    /// Columns by whose values an evaluation is broken down.
    package static let segmentColumns = 20
    /// Features that a model card names.
    package static let cardFeatures = 15
    /// Rows of a table in a model card.
    package static let cardRows = 200
    /// Largest recorded file that a model card is made from, in bytes.
    package static let cardSourceBytes = 16 * 1024 * 1024
    /// Most bytes of what an author says in a model card.
    package static let cardTextBytes = 4000
}
