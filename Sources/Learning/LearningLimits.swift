/// The named maxima of the learning steps.
package enum LearningLimits {
    /// Most trials of one tuning task.
    package static let trials = 1000
    /// Most parameters of a search space.
    package static let parameters = 100
    /// Most classes of a target.
    package static let classes = 100
    /// Most rows in the reference sample of a model.
    package static let referenceRows = 500
    /// Most rows that are explained with SHAP values.
    package static let explainedRows = 300
    /// Most upstream candidates that one evaluation compares.
    package static let candidates = 32
    /// Resamples of a paired bootstrap.
    package static let bootstrapResamples = 1000
}
