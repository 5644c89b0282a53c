import Core

/// One line of a plot.
package struct PlotSeries: Sendable, Equatable {
    /// What the legend calls it.
    package let name: String
    /// The places in order of x; NaN and infinities leave a gap.
    package var points: [Point]

    /// One place.
    package struct Point: Sendable, Equatable {
        /// Step, or seconds since the run's first point.
        package let x: Double
        /// The value.
        package let y: Double

        /// Makes a place.
        package init(x: Double, y: Double) {
            self.x = x
            self.y = y
        }
    }

    /// Makes a line.
    package init(name: String, points: [Point]) {
        self.name = name
        self.points = points
    }

    /// The line with the values averaged exponentially, without the pull towards zero at the beginning.
    ///
    /// `weight` is that of what came before, 0 to 1.
    package func smoothed(_ weight: Double) -> PlotSeries {
        guard weight > 0 else { return self }
        var (average, count) = (0.0, 0.0)
        let smooth = points.map { point in
            guard point.y.isFinite else { return point }
            average = average * weight + (1 - weight) * point.y
            count = count * weight + (1 - weight)
            return Point(x: point.x, y: count > 0 ? average / count : point.y)
        }
        return PlotSeries(name: name, points: smooth)
    }
}
