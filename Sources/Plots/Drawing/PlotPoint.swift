/// A place in the units of a chart's axes; one that is not finite is a gap.
package struct PlotPoint: Sendable, Equatable {
    /// Along the horizontal axis.
    package let x: Double
    /// Along the vertical axis.
    package let y: Double

    /// Makes a place.
    package init(_ x: Double, _ y: Double) {
        self.x = x
        self.y = y
    }

    /// Whether both numbers are finite.
    var isFinite: Bool { x.isFinite && y.isFinite }
}
