/// How many of those named are right, for how many of the ones are found.
package enum PrecisionRecallPlot {
    /// Draws the curves as SVG, each of (recall, precision), with the share of ones as what guessing reaches.
    package static func svg(
        _ curves: [ROCPlot.Curve],
        share: Double? = nil,
        title: String = "Precision and recall",
        subtitle: String = ""
    ) -> [UInt8] {
        let guessing = share.map {
            [LinePlot.Line("guessing", [PlotPoint(0, $0), PlotPoint(1, $0)], style: .reference)]
        }
        return LinePlot(
            title: title,
            subtitle: subtitle,
            x: PlotAxis("recall", range: 0...1),
            y: PlotAxis("precision", range: 0...1.02),
            lines: curves.map { LinePlot.Line($0.label, $0.points) } + (guessing ?? [])
        ).svg()
    }
}
