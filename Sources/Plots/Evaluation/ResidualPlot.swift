/// How far predictions were off, over what was predicted.
package enum ResidualPlot {
    /// Draws the residuals (true minus predicted) as SVG.
    package static func svg(
        predicted: [Double],
        actual: [Double],
        title: String = "Residuals",
        subtitle: String = ""
    ) -> [UInt8] {
        let points = zip(predicted, actual).map { PlotPoint($0, $1 - $0) }
        let finite = points.filter(\.isFinite).map(\.x)
        let zero = [PlotPoint(finite.min() ?? 0, 0), PlotPoint(finite.max() ?? 1, 0)]
        return ScatterPlot(
            title: title,
            subtitle: subtitle,
            x: PlotAxis("predicted"),
            y: PlotAxis("true − predicted"),
            groups: [ScatterPlot.Group("", points)],
            lines: [LinePlot.Line("", zero, style: .reference)]
        ).svg()
    }
}
