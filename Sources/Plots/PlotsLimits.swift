/// The named maxima of plots.
package enum PlotsLimits {
    /// Points that one chart draws; more are thinned out first.
    package static let points = 20_000
    /// Lines, or groups of points, that one chart draws; the others are left out and counted.
    package static let series = 24
    /// Bars that one chart draws; the others are left out and counted.
    package static let bars = 40
    /// Cells of a heat map or a contour.
    package static let cells = 10_000
    /// Axes of parallel coordinates.
    package static let parallelAxes = 24
    /// Bins of a histogram.
    package static let bins = 100
    /// Most features that a plot of contributions shows.
    package static let features = 15
    /// Most characters of a label; longer ones are cut.
    package static let labelCharacters = 28
    /// Most characters of a title or a subtitle; longer ones are cut.
    package static let titleCharacters = 120
}
