/// The named maxima of samplers.
package enum SamplingLimits {
    /// Parameters of a search space.
    package static let parameters = 1000
    /// Values of a parameter that is one of several words.
    package static let choices = 1000
    /// Conditions of one parameter.
    package static let conditions = 16
    /// Bytes of a parameter's name.
    package static let nameBytes = 250
    /// Points of a grid.
    package static let gridPoints = 100_000
    /// Parameters that Sobol's sequence has directions for.
    package static let sobolDimensions = 64
    /// Candidates that one suggestion of the Parzen estimator chooses from.
    package static let candidates = 10_000
    /// Trials of a generation.
    package static let population = 10_000
    /// Objectives of a study.
    package static let objectives = 8
    /// Reports of one trial.
    package static let reports = 100_000
    /// Trials from which importance is computed; the last ones.
    package static let importanceTrials = 2000
}
