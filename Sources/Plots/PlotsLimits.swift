/// The named maxima of plots.
package enum PlotsLimits {
    /// Points that one chart draws; more are thinned out first.
    package static let points = 20_000
}
