/// The named maxima of studies.
package enum StudiesLimits {
    /// Trials of one study.
    package static let trials = 100_000
}
