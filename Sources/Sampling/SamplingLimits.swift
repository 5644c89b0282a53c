/// The named maxima of samplers.
package enum SamplingLimits {
    /// Parameters of a search space.
    package static let parameters = 1000
}
