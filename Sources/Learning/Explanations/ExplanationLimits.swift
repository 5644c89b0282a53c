/// The named maxima of explanations.
package enum ExplanationLimits {
    /// Most rows of exact SHAP values in one answer.
    package static let rows = 5_000
    /// Most rows of interactions in one answer.
    package static let interactionRows = 200
    /// Most features whose interactions are written out.
    package static let interactionFeatures = 64
    /// Most rows that are explained by sampling in one answer.
    package static let sampledRows = 20
    /// Most rows of a background set.
    package static let backgroundRows = 200
    /// Most rows on which permutations and partial dependence are computed; more are drawn from evenly.
    package static let askedRows = 2_000
    /// Most times that a feature is permuted.
    package static let repeats = 50
    /// Most values of a feature at which partial dependence is asked.
    package static let gridPoints = 60
    /// Most rows that get a line of their own (ICE).
    package static let lines = 100
    /// Rows that the model is asked about at once.
    package static let batchRows = 8_192
    /// Seconds that one explanation may take.
    package static let seconds = 60
    /// Explanations that one server computes at once.
    package static let concurrent = 2
    /// Largest request, in bytes.
    package static let requestBytes = 32 * 1024 * 1024
}
